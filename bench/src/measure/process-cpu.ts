/** CPU time of a process and all its descendants, from Linux's /proc (proc(5), /proc/pid/stat). */
import { readdirSync, readFileSync } from 'node:fs'

/** Kernels report in USER_HZ, which is 100 on every architecture that Chromium runs on. */
const MS_PER_TICK = 10

interface ProcessTimes {
  readonly parent: number
  readonly cpuMs: number
}

function readTimes(pid: number): ProcessTimes | null {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null // it has ended since the folder was listed
  }
  // The name in brackets may hold spaces and brackets: fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK }
}

/** Ended descendants are not counted. */
export function cpuMsOfTree(root: number): number {
  const times = new Map<number, ProcessTimes>()
  for (const name of readdirSync('/proc')) {
    const read = /^\d+$/.test(name) ? readTimes(Number(name)) : null
    if (read) times.set(Number(name), read)
  }
  const belongs = (pid: number): boolean => pid === root || belongsByParent(pid)
  const belongsByParent = (pid: number): boolean => {
    const parent = times.get(pid)?.parent ?? 0
    return parent > 0 && belongs(parent)
  }
  return [...times].reduce((sum, [pid, { cpuMs }]) => sum + (belongs(pid) ? cpuMs : 0), 0)
}

/** CPU time and memory of one process, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs'

/** Of all its threads, from the scheduler's own count in nanoseconds (proc(5), /proc/pid/task/tid/schedstat). */
export function threadsCpuMs(pid: number): number {
  let ns = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  }
  return ns / 1e6
}

/** Resident memory. */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kib === undefined) throw new Error(`no memory figure of process ${pid}`)
  return Number(kib) * 1024
}

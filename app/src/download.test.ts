import { expect, it } from 'vitest'
import { fileNameOf } from './download.ts'

it('a file is named by its title, as every file system takes it', () => {
  expect(fileNameOf('Harbour festival', 'room', '.parley')).toBe('Harbour-festival.parley')
  expect(fileNameOf('../..\\ C:* 港口 Zoë?', 'room', '.parley')).toBe('C-港口-Zoë.parley')
  expect(fileNameOf(' … ', 'room', '.parley')).toBe('room.parley')
  expect(fileNameOf('x'.repeat(500), 'room', '.parley')).toHaveLength(67)
})

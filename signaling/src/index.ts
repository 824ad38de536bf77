/** To start a signaling server inside another program, a test or the launcher. The command is `main.ts`. */
export { type Config, type ConfigVerdict, DEFAULT_CONFIG, readConfig } from './config.ts'
export { DEFAULT_LIMITS, type Limits } from './limits.ts'
export { type RunningServer, type ServerStats, startServer } from './server.ts'

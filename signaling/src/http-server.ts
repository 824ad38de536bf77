/** The HTTP or HTTPS server with its timeouts. */
import { readFile } from 'node:fs/promises'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Config } from './config.ts'
import { ANY_ADDRESS, hostOf } from './hosts.ts'
import {
  HEADER_BYTES,
  HEADERS_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  TCP_CONNECTIONS,
  TIMEOUT_CHECK_MS,
} from './limits.ts'

const OPTIONS: ServerOptions = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  maxHeaderSize: HEADER_BYTES,
}

/** Rejects when a file of the certificate cannot be read. */
export async function makeHttpServer({ tls }: Config): Promise<Server> {
  const server = tls
    ? createTlsServer({ ...OPTIONS, cert: await readFile(tls.certFile), key: await readFile(tls.keyFile) })
    : createServer(OPTIONS)
  server.maxConnections = TCP_CONNECTIONS
  return server
}

/** Resolves with the port, which the system chose when `port` is 0. */
export function listen(server: Server, { host, port }: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** An address that opens on this machine. */
export function urlOf({ host, tls }: Config, port: number): string {
  return `${tls ? 'https' : 'http'}://${hostOf(ANY_ADDRESS.has(host) ? 'localhost' : host, port)[0]}`
}

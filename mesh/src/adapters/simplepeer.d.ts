/** The bundle that needs no polyfill of Node's modules, with the types of the package's main entry. */
declare module 'simple-peer/simplepeer.min.js' {
  import SimplePeer from 'simple-peer'

  export = SimplePeer
}

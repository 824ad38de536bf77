/**
 * Headers of every HTTP answer. No script, style, font or connection leaves the origin; a string never becomes
 * markup outside the named Trusted Types policies; camera and microphone are for calls.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  // Lit and the editors write style attributes; without a way to run script they cannot do much with them.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  // CSP3 §6.7.2.8: 'self' also matches ws: and wss: of the same host and port.
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types lit-html default 'allow-duplicates'",
].join('; ')

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy':
    'camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()',
}

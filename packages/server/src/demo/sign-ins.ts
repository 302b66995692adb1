import { createHash } from 'node:crypto'
import { Secret } from 'otpauth'

/** Everyone in the demo has this password. It is public: the demo exists only in the embedded database. */
export const DEMO_PASSWORD = 'wardline-demo-2026'

export interface DemoSignIn {
  readonly email: string
  readonly name: string
  readonly role: string
  /** Base32; undefined for people without a second factor. */
  readonly totpSecret: string | undefined
}

function signIn(local: string, name: string, role: string, hasMfa = true): DemoSignIn {
  const email = `${local}@demo.wardline.test`
  // Fixed, so that an authenticator app that knows it survives a new database.
  const digest = createHash('sha256').update(`wardline demo totp ${email}`).digest()
  const secret = new Secret({ buffer: new Uint8Array(digest.subarray(0, 20)).buffer })
  return { email, name, role, totpSecret: hasMfa ? secret.base32 : undefined }
}

export const DEMO_SIGN_INS: readonly DemoSignIn[] = [
  signIn('admin', 'Ruth Calloway', 'ADMIN'),
  signIn('provider', 'Dr. Imani Okafor', 'PROVIDER'),
  signIn('staff', 'Theo Brandt', 'STAFF'),
  signIn('agent', 'Marisol Vega', 'CALL_CENTER_AGENT'),
  signIn('auditor', 'Henrik Lund', 'AUDITOR'),
  signIn('support', 'Priya Nair', 'SUPPORT_AGENT (platform)'),
  signIn('super', 'Sam Whitfield', 'SUPER_ADMIN (platform)'),
  signIn('patient', 'Nora Delgado', 'patient', false),
  signIn('proxy', 'Daniel Delgado', 'proxy of two patients, one expired', false),
  signIn('admin-west', 'Grace Tanaka', 'ADMIN of the second organization'),
]

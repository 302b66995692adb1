import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

interface Account {
  readonly email: string
  readonly email_verified: boolean
}

export interface SignIn {
  readonly email: string
  readonly verified?: boolean
  /** The client of the issuer that signs in; its name is the audience. */
  readonly audience?: 'wardline' | 'another'
  readonly amr?: string[]
}

const REDIRECT = 'https://app.example.test/callback'

const newKey = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' }
}

/** A certified OpenID provider (oidc-provider) on the loopback, through which people really sign in. */
export class Issuer {
  readonly url: string
  readonly #server: Server
  readonly #accounts = new Map<string, Account>()
  readonly #requests: string[] = []
  #keys = [newKey()]
  #provider: Provider
  #next: { accountId: string; amr: string[] } | undefined
  #isAway = false
  #saysWhen = true

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
    this.#provider = this.#build()
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  static async start(): Promise<Issuer> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return new Issuer(server, `http://127.0.0.1:${port}`)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Whether whoever asks is left without any answer. */
  away(isAway: boolean): void {
    this.#isAway = isAway
  }

  /** Whether tokens say when their person signed in; many issuers leave it out. */
  saysWhen(saysWhen: boolean): void {
    this.#saysWhen = saysWhen
    this.#provider = this.#build()
  }

  /** How often its description and its keys were asked for. */
  asked(path: '/.well-known/openid-configuration' | '/jwks'): number {
    return this.#requests.filter((one) => one === path).length
  }

  /** From now on signs with a new key. The old one stays published, unless it is withdrawn. */
  rotate({ withdraw = false } = {}): void {
    this.#keys = [newKey(), ...(withdraw ? [] : this.#keys)]
    this.#provider = this.#build()
  }

  /** The ID token of a person who signs in now, by the authorization code flow. */
  async signIn({ email, verified = true, audience = 'wardline', amr = ['pwd'] }: SignIn): Promise<string> {
    const accountId = email.toLowerCase()
    this.#accounts.set(accountId, { email, email_verified: verified })
    this.#next = { accountId, amr }
    const verifier = randomBytes(32).toString('base64url')
    const query = new URLSearchParams({
      client_id: audience,
      redirect_uri: REDIRECT,
      response_type: 'code',
      scope: 'openid email',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    const cookies = new Map<string, string>()
    let at = `${this.url}/auth?${query}`
    while (!at.startsWith(REDIRECT)) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(at, { redirect: 'manual', headers: { cookie } })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        cookies.set(name, value)
      }
      const location = response.headers.get('location')
      if (location === null)
        throw new Error(`the issuer answered ${response.status}: ${await response.text()}`)
      at = new URL(location, this.url).href
    }
    const response = await fetch(`${this.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: audience,
        code: new URL(at).searchParams.get('code') ?? '',
        redirect_uri: REDIRECT,
        code_verifier: verifier,
      }),
    })
    const answer: unknown = await response.json()
    const { id_token: token }: Record<string, unknown> = Object(answer)
    if (typeof token !== 'string') throw new Error(`no ID token: ${JSON.stringify(answer)}`)
    return token
  }

  #build(): Provider {
    const client = (client_id: string) => ({
      client_id,
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none' as const,
    })
    const provider: Provider = new Provider(this.url, {
      clients: [client('wardline'), client('another')],
      jwks: { keys: this.#keys },
      cookies: { keys: ['test'] },
      claims: {
        openid: ['sub', 'amr', ...(this.#saysWhen ? ['auth_time'] : [])],
        email: ['email', 'email_verified'],
      },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: false } },
      ttl: { IdToken: 3600, Interaction: 600, Grant: 600, Session: 600, AccessToken: 600 },
      findAccount: (_context, accountId) => ({
        accountId,
        claims: () => ({ sub: accountId, ...this.#accounts.get(accountId) }),
      }),
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      // Nobody is asked for a consent.
      loadExistingGrant: async (context) => {
        const grant = new provider.Grant({
          clientId: context.oidc.client?.clientId ?? '',
          accountId: context.oidc.session?.accountId ?? '',
        })
        grant.addOIDCScope('openid email')
        await grant.save()
        return grant
      },
    })
    return provider
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests.push(request.url ?? '')
    if (this.#isAway) return
    if (request.url?.startsWith('/interaction/') && this.#next)
      await this.#provider.interactionFinished(request, response, {
        login: { ...this.#next, remember: false },
      })
    else await this.#provider.callback()(request, response)
  }
}

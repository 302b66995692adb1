/** What an older client would trip over: the differences between two bundled contracts that are not merely additions. */

type Json = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const record = (value: unknown): Json => (isRecord(value) ? value : {})
const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]
const texts = (value: unknown): readonly string[] => list(value).map((item) => String(item))

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

/** What is lost on the way from `before` to `now`. */
const lost = (before: readonly unknown[], now: readonly unknown[]): string[] =>
  before.filter((item) => !now.some((other) => String(other) === String(item))).map((item) => String(item))

/** Bounds that a request could so far use up; `max` may only grow, `min` only shrink. */
const bounds = {
  max: ['maxLength', 'maximum', 'maxItems', 'maxProperties'],
  min: ['minLength', 'minimum', 'minItems', 'minProperties'],
} as const

/** How an extension may not change under a client, by what it says. */
const narrowed: Readonly<Record<string, (before: unknown, now: unknown) => boolean>> = {
  'x-sdk': (before, now) => before !== now,
  'x-tenancy': (before, now) => before !== now,
  'x-idempotent': (before, now) => before === true && now !== true,
  'x-impersonation': (before, now) => before === 'allowed' && now !== 'allowed',
  'x-consent': (before, now) => before === 'exempt' && now !== 'exempt',
  'x-mfa': (before, now) => before === 'exempt' && now !== 'exempt',
  'x-step-up': (before, now) => before === undefined && now === true,
  'x-subscription': (before, now) => before !== 'required' && now === 'required',
}

class Comparison {
  readonly found: string[] = []
  readonly #before: Json
  readonly #now: Json
  readonly #seen = new Set<string>()

  constructor(before: Json, now: Json) {
    this.#before = before
    this.#now = now
  }

  run(): readonly string[] {
    const now = record(this.#now.paths)
    for (const [path, item] of Object.entries(record(this.#before.paths)))
      for (const method of METHODS) {
        const operation = record(item)[method]
        if (operation === undefined) continue
        const name = String(record(operation).operationId ?? `${method} ${path}`)
        const other = record(now[path])[method]
        if (other === undefined) this.found.push(`${name}: ${method.toUpperCase()} ${path} is gone`)
        else this.#operation(name, record(item), record(operation), record(now[path]), record(other))
      }
    return this.found
  }

  #resolve(value: unknown, root: Json): Json {
    const schema = record(value)
    if (typeof schema.$ref !== 'string') return schema
    const found = schema.$ref
      .split('/')
      .slice(1)
      .reduce<unknown>((part, key) => record(part)[key], root)
    return this.#resolve(found, root)
  }

  #operation(name: string, item: Json, before: Json, nowItem: Json, now: Json): void {
    if (before.operationId !== now.operationId) this.found.push(`${name}: is now ${String(now.operationId)}`)
    for (const [extension, isNarrowed] of Object.entries(narrowed))
      if (isNarrowed(before[extension], now[extension]))
        this.found.push(
          `${name}: ${extension} was ${String(before[extension])}, is ${String(now[extension])}`,
        )
    this.#access(name, record(before['x-access']), record(now['x-access']))
    this.#parameters(
      name,
      [...list(item.parameters), ...list(before.parameters)],
      [...list(nowItem.parameters), ...list(now.parameters)],
    )
    this.#body(name, before.requestBody, now.requestBody)
    this.#responses(name, record(before.responses), record(now.responses))
  }

  /** Whoever could call must still be able to. */
  #access(name: string, before: Json, now: Json): void {
    if (now.public === true || now.user === true) return
    for (const kind of ['public', 'user', 'participant', 'owner'])
      if (before[kind] === true && now[kind] !== true) this.found.push(`${name}: no longer for ${kind}`)
    if (before.api_key !== false && now.api_key === false && before.organization !== undefined)
      this.found.push(`${name}: no longer for API keys`)
    for (const kind of ['organization', 'platform'])
      for (const role of lost(list(before[kind]), list(now[kind])))
        this.found.push(`${name}: no longer for ${role}`)
    const [patient, other] = [record(before.patient), record(now.patient)]
    if (patient.self === true && other.self !== true) this.found.push(`${name}: no longer for the patient`)
    if (patient.proxy !== undefined && other.proxy !== 'any' && patient.proxy !== other.proxy)
      this.found.push(`${name}: proxies now need ${String(other.proxy)}`)
  }

  #parameters(name: string, before: readonly unknown[], now: readonly unknown[]): void {
    const keyed = (parameters: readonly unknown[], root: Json) =>
      new Map(
        parameters.map((parameter) => {
          const resolved = this.#resolve(parameter, root)
          return [`${String(resolved.in)} ${String(resolved.name)}`, resolved]
        }),
      )
    const [old, fresh] = [keyed(before, this.#before), keyed(now, this.#now)]
    for (const [key, parameter] of old) {
      const other = fresh.get(key)
      if (!other) this.found.push(`${name}: the parameter ${key} is gone`)
      else {
        if (parameter.required !== true && other.required === true)
          this.found.push(`${name}: the parameter ${key} is now required`)
        this.#schema(`${name}: ${key}`, parameter.schema, other.schema, 'in')
      }
    }
    for (const [key, parameter] of fresh)
      if (!old.has(key) && parameter.required === true)
        this.found.push(`${name}: needs the new parameter ${key}`)
  }

  #body(name: string, before: unknown, now: unknown): void {
    const [old, fresh] = [this.#resolve(before, this.#before), this.#resolve(now, this.#now)]
    if (before === undefined) {
      if (fresh.required === true) this.found.push(`${name}: needs a body now`)
      return
    }
    if (now === undefined) {
      this.found.push(`${name}: takes no body any more`)
      return
    }
    if (old.required !== true && fresh.required === true) this.found.push(`${name}: needs a body now`)
    this.#contents(`${name}: body`, record(old.content), record(fresh.content), 'in')
  }

  #responses(name: string, before: Json, now: Json): void {
    for (const status of Object.keys(before).filter((one) => one.startsWith('2'))) {
      if (now[status] === undefined) this.found.push(`${name}: no longer answers ${status}`)
      else
        this.#contents(
          `${name}: ${status}`,
          record(this.#resolve(before[status], this.#before).content),
          record(this.#resolve(now[status], this.#now).content),
          'out',
        )
    }
  }

  #contents(where: string, before: Json, now: Json, way: 'in' | 'out'): void {
    for (const [type, content] of Object.entries(before)) {
      const other = now[type]
      if (other === undefined) this.found.push(`${where} is no longer ${type}`)
      else this.#schema(where, record(content).schema, record(other).schema, way)
    }
  }

  /** `in`: what was accepted must be; `out`: what was promised must come. */
  #schema(where: string, beforeRef: unknown, nowRef: unknown, way: 'in' | 'out'): void {
    const [before, now] = [this.#resolve(beforeRef, this.#before), this.#resolve(nowRef, this.#now)]
    // Schemas may refer to themselves; and what is shared is told once.
    const key = `${way} ${JSON.stringify([beforeRef, nowRef])}`
    const isShared = isRecord(beforeRef) && typeof beforeRef.$ref === 'string'
    if (isShared && this.#seen.has(key)) return
    this.#seen.add(key)

    const [types, freshTypes] = [texts(before.type), texts(now.type)]
    const changed = way === 'in' ? lost(types, freshTypes) : lost(freshTypes, types)
    if (types.length > 0 && freshTypes.length > 0 && changed.length > 0)
      this.found.push(`${where} was ${types.join(' or ')}, is ${freshTypes.join(' or ')}`)
    if (way === 'in') this.#limits(where, before, now)
    this.#properties(where, before, now, way)
    if (before.items !== undefined && now.items !== undefined)
      this.#schema(`${where}/items`, before.items, now.items, way)
    for (const combination of ['allOf', 'oneOf', 'anyOf'])
      for (const [index, part] of list(before[combination]).entries()) {
        // By its name where it has one: a further kind may stand anywhere.
        const others = list(now[combination])
        const other =
          typeof record(part).$ref === 'string'
            ? others.find((one) => record(one).$ref === record(part).$ref)
            : others[index]
        if (other === undefined) this.found.push(`${where}: a part of ${combination} is gone`)
        else this.#schema(where, part, other, way)
      }
  }

  #limits(where: string, before: Json, now: Json): void {
    if (now.enum !== undefined)
      for (const value of lost(list(before.enum), list(now.enum)))
        this.found.push(`${where} no longer takes ${value}`)
    if (before.enum === undefined && now.enum !== undefined)
      this.found.push(`${where} takes only ${texts(now.enum).join(', ')} now`)
    if (now.pattern !== undefined && before.pattern !== now.pattern)
      this.found.push(`${where} must now match ${String(now.pattern)}`)
    for (const bound of bounds.max)
      if (now[bound] !== undefined && Number(now[bound]) < Number(before[bound] ?? Number.POSITIVE_INFINITY))
        this.found.push(`${where}: ${bound} is now ${String(now[bound])}`)
    for (const bound of bounds.min)
      if (Number(now[bound] ?? 0) > Number(before[bound] ?? 0))
        this.found.push(`${where}: ${bound} is now ${String(now[bound])}`)
  }

  #properties(where: string, before: Json, now: Json, way: 'in' | 'out'): void {
    const [old, fresh] = [record(before.properties), record(now.properties)]
    const [needed, needs] = [texts(before.required), texts(now.required)]
    for (const [name, property] of Object.entries(old)) {
      if (!(name in fresh)) this.found.push(`${where}/${name} is gone`)
      else this.#schema(`${where}/${name}`, property, fresh[name], way)
    }
    if (way === 'in')
      for (const name of lost(needs, needed)) this.found.push(`${where}/${name} is now required`)
    else for (const name of lost(needed, needs)) this.found.push(`${where}/${name} is no longer always there`)
  }
}

/**
 * Compares two bundled contracts, for one who wrote a client against the first.
 * @returns a line for each difference that may break that client; additions are none
 */
export const breakingChanges = (before: unknown, now: unknown): readonly string[] =>
  new Comparison(record(before), record(now)).run()

/** One page of a list. */
export interface Page<Item> {
  items: Item[]
  /** Null on the last page. */
  next_cursor: string | null
  /** How many match in all; only when asked for with `include_total`. */
  total?: number
  /** The page after this one; undefined on the last. */
  next(): Promise<Page<Item> | undefined>
}

/**
 * A list that was asked for: await it for the first page, or iterate it for every item, page by page.
 * Nothing is sent before one of the two; awaiting and then iterating sends the first page once. `Body` is the answer's
 * own type where the contract puts more beside the items.
 *
 * @example
 * const page = await client.patients.list({ org_id })
 * for await (const patient of client.patients.list({ org_id, search: 'okafor' })) console.log(patient.last_name)
 */
export interface PagePromise<Item, Body = unknown> extends Promise<Page<Item> & Body>, AsyncIterable<Item> {
  /** Every page, for those who act on whole pages. */
  pages(): AsyncGenerator<Page<Item>, void, undefined>
}

type PageBody<Item> = Omit<Page<Item>, 'next'>

/**
 * @param fetchPage asks for the page at a cursor; undefined is the first
 */
export const pagePromise = <Item, Body = unknown>(
  fetchPage: (cursor: string | undefined) => Promise<PageBody<Item> & Body>,
): PagePromise<Item, Body> => {
  const load = async (cursor: string | undefined): Promise<Page<Item> & Body> => {
    const body = await fetchPage(cursor)
    const next = body.next_cursor
    return Object.defineProperty({ ...body } as Page<Item> & Body, 'next', {
      // Not enumerable: a printed or serialized page is the server's answer.
      value: async () => (next === null ? undefined : await load(next)),
    })
  }
  let first: Promise<Page<Item> & Body> | undefined
  const begin = () => {
    first ??= load(undefined)
    return first
  }
  async function* pages() {
    for (let page: Page<Item> | undefined = await begin(); page !== undefined; page = await page.next()) {
      yield page
    }
  }
  return {
    // biome-ignore lint/suspicious/noThenProperty: a thenable is the point
    then: (onFulfilled, onRejected) => begin().then(onFulfilled, onRejected),
    catch: (onRejected) => begin().catch(onRejected),
    finally: (onFinally) => begin().finally(onFinally),
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const page of pages()) yield* page.items
    },
    [Symbol.toStringTag]: 'PagePromise',
  }
}

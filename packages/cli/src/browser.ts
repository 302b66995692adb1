import open from 'open'

// Loaded when somebody asks for it; a file of its own in the bundle.

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Opens a web page in the browser. A page and nothing else: an address of another kind, from whatever server, could start
 * any program. Rejects when there is no browser to open.
 */
export const openPage = async (address: string): Promise<void> => {
  const { protocol, hostname } = new URL(address)
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.has(hostname)))
    throw new Error('the address is not that of a secure web page')
  await open(address)
}

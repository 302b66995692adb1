import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Wardline API</title><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`
const script = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, persistAuthorization: false })\n`

/** Serves the contract at /openapi.json and a page to read and try it at /docs; nothing is fetched from elsewhere. */
export async function registerDocs(app: FastifyInstance, publicUrl: string | undefined): Promise<void> {
  const document: object = JSON.parse(
    readFileSync(join(import.meta.dirname, '../generated/openapi.json'), 'utf8'),
  )
  // Whoever reads it here means this server.
  const servers = [{ url: publicUrl ?? '/', description: 'This server.' }]
  const contract = JSON.stringify({ ...document, servers })
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  const config = { documentation: true } as const
  const csp = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
  app.get('/openapi.json', { config }, (_request, reply) => reply.type('application/json').send(contract))
  app.get('/docs', { config }, (_request, reply) =>
    reply.type('text/html').header('content-security-policy', csp).send(page),
  )
  app.get('/docs/start.js', { config }, (_request, reply) => reply.type('text/javascript').send(script))
  // Two files by name: the package ships its own pages too, which are not ours to serve.
  await app.register(fastifyStatic, { root: assets, serve: false })
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js'])
    app.get(`/docs/assets/${file}`, { config }, (_request, reply) => reply.sendFile(file, { maxAge: '1h' }))
}

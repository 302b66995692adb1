// A patient of the demo asks for help. Run it while `npm start` runs: node examples/create-ticket.mjs
import { createClient } from '@wardline/sdk'

const client = createClient({ baseUrl: 'http://127.0.0.1:8000' })
await client.signIn({ email: 'patient@demo.wardline.test', password: 'wardline-demo-2026' })
const ticket = await client.tickets.create({
  category: 'TECHNICAL',
  subject: 'I cannot see my appointment',
  body: 'The list is empty.',
  urgency: 'HIGH',
})
console.log(ticket.ticket_number)

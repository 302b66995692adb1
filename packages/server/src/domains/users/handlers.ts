import type { UsersHandlers } from '../../generated/handlers.ts'
import { problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { isTimeZone } from '../time-zone.ts'
import { describeCurrentUser } from './current-user.ts'
import { updateUser } from './queries.ts'

const gone = () => problem('UNAUTHORIZED', 'The account is gone.')

export const usersHandlers = ({ clock }: Services): UsersHandlers => ({
  async getCurrentUser({ db, actor }) {
    return (await describeCurrentUser(db, actor, clock.now())) ?? gone()
  },

  async updateCurrentUser({ db, actor }, { body }) {
    const { display_name, timezone } = body
    if (timezone !== undefined && !isTimeZone(timezone))
      return problem('VALIDATION_ERROR', undefined, {
        errors: [{ pointer: '/timezone', message: 'is not a time zone' }],
      })
    await updateUser(db, actor.userId, {
      ...(display_name !== undefined && { display_name: display_name.trim() }),
      ...(timezone !== undefined && { timezone }),
    })
    return (await describeCurrentUser(db, actor, clock.now())) ?? gone()
  },
})

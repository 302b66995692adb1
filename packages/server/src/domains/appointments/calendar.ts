import ical, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator'

/** What a calendar file says of a visit; neither its reason nor its notes: calendars are synchronized and shared. */
interface Visit {
  readonly id: string
  readonly patient_name: string
  readonly provider_name: string
  readonly status: 'SCHEDULED' | 'CONFIRMED' | 'COMPLETED' | 'CANCELLED' | 'NO_SHOW'
  readonly scheduled_at: string
  readonly duration_minutes: number
  readonly location: string | null
  readonly telehealth_url: string | null
  readonly version: number
  readonly created_at: string
  readonly updated_at: string
}

/** RFC 5545 has no control characters in a text; a line break would be one. */
const plain = (text: string): string => text.replace(/\p{Cc}+/gu, ' ')

/**
 * Visits as an iCalendar file. The UID stays and SEQUENCE grows with each change, so that a calendar that has the visit
 * moves it or takes it out instead of showing it twice. Times are in UTC, which needs no time zone's rules.
 * @param isOwn whether the reader is the visit's patient; to others it says whose visit it is
 */
export function calendarOf<V extends Visit>(visits: readonly V[], isOwn: (visit: V) => boolean): string {
  const calendar = ical({
    prodId: { company: 'Wardline', product: 'Appointments' },
    method: ICalCalendarMethod.PUBLISH,
  })
  for (const visit of visits) {
    const start = new Date(visit.scheduled_at)
    const summary = `Appointment with ${plain(visit.provider_name)}`
    calendar.createEvent({
      id: `${visit.id}@wardline`,
      sequence: visit.version - 1,
      stamp: new Date(visit.updated_at),
      created: new Date(visit.created_at),
      lastModified: new Date(visit.updated_at),
      start,
      end: new Date(start.getTime() + visit.duration_minutes * 60_000),
      summary: isOwn(visit) ? summary : `${plain(visit.patient_name)}: ${summary}`,
      location: visit.location === null ? null : plain(visit.location),
      url: visit.telehealth_url,
      status: visit.status === 'CANCELLED' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    })
  }
  return calendar.toString()
}

/*
 * What must not stand in a log, wherever it got into one: the whole line is looked at, messages and stacks included.
 * Each part begins with a character or a word that most text lacks, so that a line without any of them is read once.
 */

const CENSOR = '[redacted]'

// JSON's own escapes are taken whole, so that nothing is cut in the middle of one, and the line stays JSON.
const ESCAPE = String.raw`\\(?:u[0-9a-fA-F]{4}|.)`
// The end of an escape is no part of what follows it.
const after = (others: string): string => String.raw`(?<=^|[^\w${others}]|\\(?:[nrtbf]|u[0-9a-fA-F]{4}))`
const BEGINS = after('')

/** Fields whose text is nobody's to read, at any depth. */
const FIELDS = [
  'password',
  'new_password',
  'current_password',
  'secret',
  'token',
  'access_token',
  'refresh_token',
  'authorization',
  'cookie',
  'set-cookie',
  'email',
  'phone',
  'ssn',
  'dob',
  'date_of_birth',
  'first_name',
  'last_name',
]

/** Parameters of an address that let in whoever has them. */
const PARAMETERS =
  'ticket|token|access_token|refresh_token|code|state|key|api_key|apikey|sig|signature|secret|password|X-Amz-\\w+'

const PARTS = [
  ESCAPE,
  String.raw`"(?:${FIELDS.join('|')})":"(?:[^"\\]|\\.)*"`,
  // Keys and tokens by what they begin with: ours, and those of whom we talk to.
  String.raw`(?=eyJ)${BEGINS}eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?`,
  String.raw`(?=[wsrpgx])${BEGINS}(?:wlk|whsec|sk|rk|pk|ghp|gho|xox[abp])[_-][\w/+=-]{8,}`,
  String.raw`(?=A)${BEGINS}(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
  String.raw`(?=[Bb])${BEGINS}(?:[Bb]earer|[Bb]asic|BEARER|BASIC) [\w.~+/=-]{6,}`,
  String.raw`\$argon2\w*\$[^\s"\\]+`,
  String.raw`(?=otp)${BEGINS}otpauth:[^\s"\\]+`,
  String.raw`-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"\\]|\\.)*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="))`,
  String.raw`(?=[Pp]assw)${BEGINS}[Pp]assword[=:] ?'?[^\s"'\\]+`,
  String.raw`[?&](?:${PARAMETERS})=[^&\s"\\]+`,
  // Numbers of the United States: three, two and four digits; three, three and four. One without separators never begins
  // with 0 or 1, which tells it from seconds since 1970.
  String.raw`(?=\d{3}[- ])${after('.:+-')}\d{3}[- ]\d{2}[- ]\d{4}(?![\w-])`,
  String.raw`(?=[+(\d])${after('.+-')}(?:\+?1[-. ]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])\d{3}[-. ]\d{4}(?![\w-])`,
  String.raw`(?=\d{10})${after('.:+-')}1?[2-9]\d{2}[2-9]\d{6}(?![\w.:-])`,
  String.raw`(?=\+)${after('.-')}\+\d{1,3}(?:[-. ]?\d{2,5}){2,5}(?![\w-])`,
]

/** Those with an @ in them, which most lines lack: they are the dearest to look for. */
const PARTS_AT = [
  // A password in an address, up to the last @ of the word: it may hold an unescaped one.
  String.raw`:\/\/[^\s:@/"\\]{0,128}:[^\s"\\]{1,256}@`,
  String.raw`${after('.+%-')}[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+`,
]

const PATTERN = new RegExp(PARTS.join('|'), 'g')
const PATTERN_AT = new RegExp([...PARTS, ...PARTS_AT].join('|'), 'g')

function censored(match: string): string {
  // What says where it was stays: the scheme of an address, the name of a field or of a parameter.
  switch (match.charAt(0)) {
    case '\\':
      return match
    case '"':
      return `${match.slice(0, match.indexOf('":') + 2)}"${CENSOR}"`
    case ':':
      return `://${CENSOR}@`
    case '?':
    case '&':
      return `${match.slice(0, match.indexOf('=') + 1)}${CENSOR}`
    default:
      return CENSOR
  }
}

/** A line of the log, JSON or not, without secrets and without what names a person. JSON stays JSON. */
export const redact = (line: string): string =>
  line.replace(line.includes('@') ? PATTERN_AT : PATTERN, censored)

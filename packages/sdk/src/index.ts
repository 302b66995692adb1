export { type Auth, Session, type SessionOptions, type SessionTokens, session } from './auth.ts'
export { type Client, type ClientOptions, createClient, type SignIn } from './client.ts'
export type {
  FetchLike,
  Hooks,
  Input,
  Item,
  OperationMeta,
  Output,
  RawRequest,
  RequestInfo,
  RequestOptions,
} from './core.ts'
export {
  ConnectionError,
  isProblem,
  MfaCodeRequiredError,
  type Problem,
  type ProblemCode,
  ProblemError,
  ResponseError,
  SessionEndedError,
  StreamClosedError,
  TimeoutError,
  WardlineError,
} from './errors.ts'
export {
  EventStream,
  isAccessLost,
  type StreamEvent,
  type StreamOptions,
  type StreamStatus,
} from './events.ts'
export type { FileUpload, FileUploadOptions } from './files.ts'
export type { components, operations, paths } from './generated/types.ts'
export type { Page, PagePromise } from './pages.ts'
export type { TelemetryBatcher, TelemetryBatcherOptions } from './telemetry.ts'
export type { TextBody } from './text.ts'
export {
  signWebhook,
  type VerifyOptions,
  verifyWebhook,
  type WebhookEvent,
  type WebhookHeaders,
  type WebhookRejection,
  WebhookVerificationError,
} from './webhooks.ts'

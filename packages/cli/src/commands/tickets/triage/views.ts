export const VIEWS = ['all', 'mine', 'unassigned', 'breaching'] as const
export type View = (typeof VIEWS)[number]

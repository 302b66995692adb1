/** Whether something typed is an id; people also type numbers and addresses. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** What ends with the exit code of "not found". */
export const nothingNamed = (message: string): Error => Object.assign(new Error(message), { status: 404 })

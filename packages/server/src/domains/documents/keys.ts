/** Where the file of a document is, in its three lives. The upload link reaches the first only. */
const place = (folder: string) => (organizationId: string, documentId: string) =>
  `${folder}/${organizationId}/${documentId}`

export const uploadKey = place('uploads')
export const documentKey = place('documents')
export const quarantineKey = place('quarantine')

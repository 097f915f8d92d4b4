/** Whether people gave a tag; clients and servers keep notes of their own under these names. */
export function isOwnTag(key: string): boolean {
  return !key.startsWith('mlflow.') && !key.startsWith('fanlight.');
}

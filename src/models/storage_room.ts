/** What the browser gives this page to keep models in. Bytes. */
export interface StorageRoom {
  readonly used: number;
  readonly quota: number;
  /** False: the browser may delete kept models when the disk runs short. */
  readonly persisted: boolean;
}

/** @returns null where the browser does not tell */
export async function storageRoom(): Promise<StorageRoom | null> {
  try {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    return { used: usage, quota, persisted: await navigator.storage.persisted() };
  } catch {
    return null;
  }
}

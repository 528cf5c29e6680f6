/** The storage that the browser gives this page, in bytes. */
export interface StorageRoom {
  readonly used: number;
  readonly quota: number;
  /** False: the browser may delete kept models when the disk is nearly full. */
  readonly persisted: boolean;
}

/** @returns null if the browser does not report it */
export async function storageRoom(): Promise<StorageRoom | null> {
  try {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    return { used: usage, quota, persisted: await navigator.storage.persisted() };
  } catch {
    return null;
  }
}

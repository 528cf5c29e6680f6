/** The page's own store over the double of the browser's folder. */
import { OpfsStore } from '../../../src/models/opfs_store.ts';
import { type FolderDouble, folderDouble, type FolderOptions } from './opfs_double.ts';

export class FolderStore extends OpfsStore {
  private constructor(readonly folder: FolderDouble) {
    super(folder);
  }

  static create(options?: FolderOptions): Promise<FolderStore> {
    return Promise.resolve(new FolderStore(folderDouble(options)));
  }
}

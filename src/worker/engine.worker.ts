import * as Comlink from 'comlink';
import { sendTypedErrors } from './boundary_error.ts';
import { WorkerHost } from './host.ts';

sendTypedErrors();
Comlink.expose(new WorkerHost());

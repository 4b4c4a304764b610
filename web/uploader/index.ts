/** The package's entry: importing it defines `<playhead-uploader>`. */

export type {
  CreatedUpload,
  CreateUpload,
  Metadata,
  Verdict,
} from "./contract.ts";
export type { UploadEventName } from "./events.ts";
export type { Step, UploadState } from "./state.ts";
export type { FilesChosen, UploaderEventMap } from "./uploader.ts";
export { PlayheadUploader } from "./uploader.ts";

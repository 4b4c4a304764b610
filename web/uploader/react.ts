import {
  createElement,
  type CSSProperties,
  type ReactElement,
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useRef,
} from "react";
import type { CreateUpload } from "./contract.ts";
import type { PlayheadUploader as Uploader, UploaderEventMap } from "./uploader.ts";
import "./uploader.ts";

type Told<Name extends keyof UploaderEventMap> = (detail: UploaderEventMap[Name]["detail"]) => void;

/** The element's attributes and events, as React names such. */
export interface PlayheadUploaderProps {
  endpoint?: string | undefined;
  uploadUrl?: string | undefined;
  companion?: string | undefined;
  preflight?: string | undefined;
  createUpload?: CreateUpload | undefined;
  accept?: string | undefined;
  chunkBytes?: number | undefined;
  disabled?: boolean | undefined;
  drop?: "page" | undefined;
  maxBytes?: number | undefined;
  maxFiles?: number | undefined;
  multiple?: boolean | undefined;
  parallel?: number | undefined;
  playWhileUploading?: boolean | undefined;
  scope?: string | undefined;
  unlisted?: boolean | undefined;
  /** Gets the event itself, which can be prevented. */
  onFilesChosen?: ((event: UploaderEventMap["files-chosen"]) => void) | undefined;
  onPreflight?: Told<"preflight"> | undefined;
  onUploadAdded?: Told<"upload-added"> | undefined;
  onUploadCancelled?: Told<"upload-cancelled"> | undefined;
  onUploadChange?: Told<"upload-change"> | undefined;
  onUploadComplete?: Told<"upload-complete"> | undefined;
  onUploadError?: Told<"upload-error"> | undefined;
  onUploadPaused?: Told<"upload-paused"> | undefined;
  onUploadProgress?: Told<"upload-progress"> | undefined;
  onUploadResumed?: Told<"upload-resumed"> | undefined;
  onUploadStalled?: Told<"upload-stalled"> | undefined;
  className?: string | undefined;
  id?: string | undefined;
  style?: CSSProperties | undefined;
  /** For the slots `heading` and `hint`. */
  children?: ReactNode;
  /** The element itself, with its methods. */
  uploaderRef?: Ref<Uploader> | undefined;
}

const ATTRIBUTES = {
  endpoint: "endpoint",
  uploadUrl: "upload-url",
  companion: "companion",
  preflight: "preflight",
  accept: "accept",
  chunkBytes: "chunk-bytes",
  disabled: "disabled",
  drop: "drop",
  maxBytes: "max-bytes",
  maxFiles: "max-files",
  multiple: "multiple",
  parallel: "parallel",
  playWhileUploading: "play-while-uploading",
  scope: "scope",
  unlisted: "unlisted",
  className: "class",
  id: "id",
} as const satisfies Partial<Record<keyof PlayheadUploaderProps, string>>;

const EVENTS = {
  onPreflight: "preflight",
  onUploadAdded: "upload-added",
  onUploadCancelled: "upload-cancelled",
  onUploadChange: "upload-change",
  onUploadComplete: "upload-complete",
  onUploadError: "upload-error",
  onUploadPaused: "upload-paused",
  onUploadProgress: "upload-progress",
  onUploadResumed: "upload-resumed",
  onUploadStalled: "upload-stalled",
} as const satisfies Partial<Record<keyof PlayheadUploaderProps, keyof UploaderEventMap>>;

/** `<playhead-uploader>` for React 18 and later, which differ in what they do for elements of this kind. */
export function PlayheadUploader(props: PlayheadUploaderProps): ReactElement {
  const own = useRef<Uploader | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    if (own.current) own.current.createUpload = props.createUpload ?? null;
  }, [props.createUpload]);
  useEffect(() => listen(own.current, latest), []);
  const attributes: Record<string, unknown> = { style: props.style };
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    const value = props[name as keyof typeof ATTRIBUTES];
    // Written out, as React 18 would write "false" where an attribute has to be absent.
    if (value !== undefined && value !== false) attributes[attribute] = value === true ? "" : String(value);
  }
  const ref = useCallback((element: Uploader | null): void => {
    own.current = element;
    const { uploaderRef } = latest.current;
    if (typeof uploaderRef === "function") uploaderRef(element);
    else if (uploaderRef) uploaderRef.current = element;
  }, []);
  return createElement("playhead-uploader", { ...attributes, ref }, props.children);
}

/** Listeners stay as they are while the page's own functions change with every rendering. */
function listen(element: Uploader | null, latest: { current: PlayheadUploaderProps }): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  for (const [name, type] of Object.entries(EVENTS)) {
    const tell = (event: Event): void => {
      const told = latest.current[name as keyof typeof EVENTS] as ((detail: unknown) => void) | undefined;
      told?.((event as CustomEvent<unknown>).detail);
    };
    element?.addEventListener(type, tell, { signal });
  }
  element?.addEventListener("files-chosen", (event) => latest.current.onFilesChosen?.(event), { signal });
  return () => listening.abort();
}

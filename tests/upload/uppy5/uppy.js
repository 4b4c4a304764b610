import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

/** Uploads the chosen file; gives how it ended. */
window.send = async (companion, multipart) => {
  const uppy = new Uppy().use(AwsS3, { endpoint: companion, shouldUseMultipart: multipart });
  const [file] = document.querySelector("input").files;
  uppy.addFile({ name: file.name, type: file.type, data: file });
  const { successful, failed } = await uppy.upload();
  return { successful: successful.length, errors: failed.map(({ error }) => String(error)) };
};

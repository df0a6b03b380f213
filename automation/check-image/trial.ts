import { type Docker } from "./docker";
import { type Image } from "./image";
import { type Inputs } from "./inputs";
import { type Limits } from "./limits";
import { Skipped } from "./rule";
import { Serving } from "./serving";
import { Training } from "./training";

/** One image on trial: what rules look at. Nothing is run before a rule asks for it, and then only once. */
export class Trial {
  readonly training: Training;
  readonly serving: Serving;
  private modelVolume: Promise<string> | undefined;

  /** @param folder for files of this trial; the caller removes it. */
  constructor(
    readonly docker: Docker,
    readonly image: Image,
    readonly inputs: Inputs,
    readonly limits: Limits,
    folder: string,
  ) {
    this.training = new Training(docker, image.Id, inputs, limits, folder);
    this.serving = new Serving(docker, image.Id, limits, () => (this.modelVolume ??= this.prepareModel()));
  }

  /** The request that the user has given. @throws Skipped */
  get request() {
    if (this.inputs.request) return this.inputs.request;
    throw new Skipped("there is no request to send: give one with --request");
  }

  /** What `serve` gets as its model: the user's, what `train` has made, or nothing for images that hold theirs. */
  private async prepareModel(): Promise<string> {
    if (!this.inputs.model && this.inputs.trainData) {
      await this.training.onGoodData();
      if (this.training.modelVolume) return this.training.modelVolume;
      throw new Skipped("train has made no model for serve: give one with --model");
    }
    const volume = await this.docker.createVolume();
    if (this.inputs.model) {
      const volumes = [`${volume}:/opt/ml/model`];
      // Never started: Docker copies files into the volumes of a container that exists.
      const carrier = await this.docker.create({ image: this.image.Id, args: ["serve"], volumes });
      await this.docker.call(["cp", `${this.inputs.model}/.`, `${carrier}:/opt/ml/model`], 20 * 60_000);
    }
    return volume;
  }
}

// Perfect negotiation, as webrtc-pc §10.7 writes it: both ends change their
// connection whenever they like, and when two offers cross, the polite end
// takes its own back.
export class Negotiation {
  #pc;
  #send;
  #polite;
  #observe;
  #makingOffer = false;
  #ignoreOffer = false;
  #ignored = new Set(); // the user fragments of ignored offers
  #settingAnswer = false;
  #retrying = false;
  #last = Promise.resolve(); // settles with the message before

  // send(message) hands a message to the other end, in order. observe(what,
  // description or candidate) hears of each message, and "ignored" of an offer
  // that lost; onError hears of what failed.
  constructor(pc, { send, polite, observe = () => {}, onError = console.error }) {
    this.#pc = pc;
    this.#send = send;
    this.#polite = polite;
    this.#observe = observe;
    pc.addEventListener("negotiationneeded", async () => {
      if (this.#retrying) return; // it fires again once the offer is answered
      try {
        this.#makingOffer = true;
        await pc.setLocalDescription();
        this.#describe();
      } catch (e) {
        if (pc.signalingState !== "closed") onError(e);
      } finally {
        this.#makingOffer = false;
      }
    });
    pc.addEventListener("icecandidate", ({ candidate }) => {
      if (!candidate) return; // the last candidate of a generation is the empty one before it
      observe("candidate sent", candidate);
      send({ candidate: candidate.toJSON() });
    });
  }

  #describe() {
    const description = this.#pc.localDescription;
    this.#observe("sent", description);
    this.#send({ description: description.toJSON() });
  }

  // A Firefox (153, at least) that took an offer back does not forget that it
  // was the offerer, and then refuses a remote offer that restarts ICE: "Remote
  // description indicates ICE restart but offer did not request ICE restart".
  // An offer that restarts ICE, made and thrown away, has it accept that.
  async #setAgain(description) {
    this.#retrying = true;
    try {
      await Promise.all([this.#pc.createOffer({ iceRestart: true }), this.#pc.setRemoteDescription(description)]);
    } finally {
      this.#retrying = false;
    }
  }

  // receive takes one message of the other end. Call it in order; it may be
  // called while an earlier call still runs, and waits for that: else a
  // candidate of an ignored offer could fail when the offer is no longer known
  // to be ignored.
  receive(message) {
    const received = this.#last.then(() => this.#receive(message));
    this.#last = received.catch(() => {});
    return received;
  }

  async #receive({ description, candidate }) {
    const pc = this.#pc;
    if (description) {
      // An offer may come in when nothing of ours is under way, or when the
      // answer that ends it is being set already (the calls are chained).
      const ready = !this.#makingOffer && (pc.signalingState === "stable" || this.#settingAnswer);
      const collision = description.type === "offer" && !ready;
      this.#ignoreOffer = !this.#polite && collision;
      this.#observe(this.#ignoreOffer ? "ignored" : "received", description);
      if (this.#ignoreOffer) {
        for (const [, ufrag] of description.sdp.matchAll(/^a=ice-ufrag:(\S+)/gm)) this.#ignored.add(ufrag);
        return;
      }
      this.#settingAnswer = description.type === "answer";
      try {
        await pc.setRemoteDescription(description); // rolls our offer back if need be
      } catch (e) {
        if (!collision || e.name !== "InvalidAccessError" || pc.signalingState !== "stable") throw e;
        await this.#setAgain(description);
      } finally {
        this.#settingAnswer = false;
      }
      if (description.type === "offer") {
        await pc.setLocalDescription();
        this.#describe();
      }
    } else if (candidate) {
      this.#observe("candidate received", candidate);
      try {
        await pc.addIceCandidate(candidate);
      } catch (e) {
        // Candidates of an ignored offer fit nothing, and some come late.
        if (!this.#ignoreOffer && !this.#ignored.has(candidate.usernameFragment)) throw e;
      }
    }
  }
}

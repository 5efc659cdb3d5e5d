// The page: wires the call to what is shown.
import { $, el, keyed, text } from "./dom.js";
import { Call } from "./call.js";
import { LocalTracks } from "./local.js";
import { Side } from "./tracks.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";

const call = new Call(new URL("call" + location.search, location.href.replace(/^http/, "ws")).href);
const timeline = new Timeline();
const stage = new Stage($("stage"), call);
const fail = (e) => call.fail(e);

const program = new Side($("program"), "The program sends", {
  fail,
  add: (source, streams) => call.command({ op: "add", source: source.id, streams }),
  setStreams: (row, streams) => call.command({ op: "streams", sender: row.key, streams }),
  hold: (row) => call.command({ op: "hold", sender: row.key, on: !row.held }),
  remove: (row) => call.command({ op: "remove", sender: row.key }),
  addAgain: (row) => call.command({ op: "again", sender: row.key }),
  stop: (row) => call.command({ op: "stop", sender: row.key }),
});

const { local } = call;
const yours = new Side($("local"), "You send", {
  fail,
  add: (source, streams) => local.add(source, streams),
  setStreams: (row, streams) => local.setStreams(row, streams),
  hold: (row) => local.hold(row),
  remove: (row) => local.remove(row),
  addAgain: (row) => local.addAgain(row),
  stop: (row) => local.stop(row),
  record: (row) => call.command({ op: "record", mid: row.mid, on: !row.recording }),
});
yours.note.textContent = LocalTracks.missing;
yours.note.hidden = !LocalTracks.missing;

const echo = el("input", { type: "checkbox", checked: true, onchange: () => call.command({ op: "echo", on: echo.checked }) });
yours.extra.append(el("label.switch", { title: "the program adds what it receives to the connection again" }, echo, " echo"));
const restart = el("button.quiet", { title: "the program calls RestartICE()", onclick: () => call.command({ op: "restart" }) }, "Restart ICE");
program.extra.append(restart);

call.addEventListener("entry", ({ detail }) => timeline.add(detail));
call.addEventListener("change", schedule);
call.addEventListener("failure", ({ detail }) => notice(detail));

let scheduled = false;
function schedule() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    render();
  });
}

function render() {
  const { pc } = call;
  const recording = new Map(call.program.receivers.map((r) => [r.mid, r.recording]));
  program.render(call.program.sources, call.program.senders.filter((s) => !s.echo));
  yours.canRecord = call.program.record;
  yours.render(local.sources(), local.rows().map((r) => ({ ...r, recording: recording.get(r.mid) ?? "" })));
  echo.checked = call.program.echo;
  stage.render();
  train(pc.getTransceivers());

  const state = call.ended ? "closed" : pc.connectionState === "failed" ? "failed" : pc.signalingState;
  $("signal").dataset.tone = { stable: "clear", closed: "stop", failed: "stop" }[state] ?? "caution";
  text($("signal-word"), state);
  text($("signal-detail"), call.ended || (call.program.signaling ? `program: ${call.program.signaling}` : "opening the session"));
  text($("fact-ice"), pc.iceConnectionState);
  const agreement = call.agreement();
  const fact = $("fact-agree");
  text(fact, agreement === "" ? "negotiating" : agreement.ok ? `agree on ${agreement.tracks} ${agreement.tracks === 1 ? "track" : "tracks"}` : "differ");
  fact.dataset.tone = agreement === "" ? "" : agreement.ok ? "clear" : "stop";
  fact.title = agreement.why ?? "";
  $("restart").disabled = $("hangup").disabled = !!call.ended;
}

// train shows the m-sections in their order, as wagons: they are added at the
// end, and a stopped one is used again.
function train(transceivers) {
  const wagons = transceivers.filter((t) => t.mid !== null && t.currentDirection !== "stopped");
  keyed($("train"), wagons, (t) => t.mid,
    () => el("span.wagon", {}, el("b"), el("small")),
    (node, t) => {
      const way = t.currentDirection ?? "";
      const kind = t.receiver.track.kind;
      text(node.firstChild, t.mid);
      text(node.lastChild, { sendrecv: "⇄", sendonly: "←", recvonly: "→", inactive: "·" }[way] ?? "…");
      node.dataset.kind = kind;
      node.title = `m-section ${t.mid}: ${kind}, ${way || "not negotiated"} here`;
    });
}

let noticeTimer = 0;
function notice(message) {
  text($("notice"), message);
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { $("notice").hidden = true; }, 8000);
}

const milliseconds = (ms) => (ms < 1 ? "under 1 ms" : `${Math.round(ms)} ms`);

async function measure() {
  if (call.ended) return;
  const report = await call.pc.getStats().catch(() => new Map());
  stage.stats.clear();
  for (const s of report.values()) {
    if (s.type === "inbound-rtp") stage.stats.set(s.trackIdentifier, { fps: s.framesPerSecond });
    if (s.type === "candidate-pair" && s.state === "succeeded" && (s.nominated || s.selected)) {
      if (s.currentRoundTripTime != null) text($("fact-rtt"), milliseconds(s.currentRoundTripTime * 1000));
      const near = report.get(s.localCandidateId), far = report.get(s.remoteCandidateId);
      if (near && far) text($("fact-path"), `${near.candidateType} – ${far.candidateType}, ${near.protocol}`);
    }
  }
  stage.tick();
}
setInterval(measure, 250);

$("restart").onclick = () => {
  call.log("restartIce()", "", { act: true });
  call.pc.restartIce();
};
$("hangup").onclick = () => call.end("You hung up.");
$("theme").onclick = () => {
  const dark = getComputedStyle(document.documentElement).colorScheme.startsWith("dark");
  const theme = dark ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("theme", theme); } catch { /* not remembered then */ }
};
for (const tab of document.querySelectorAll(".tabs button")) {
  tab.onclick = () => {
    document.body.dataset.view = tab.dataset.view;
    for (const t of document.querySelectorAll(".tabs button")) t.setAttribute("aria-pressed", String(t === tab));
  };
}
addEventListener("pagehide", () => call.end("The page was left."));
render();

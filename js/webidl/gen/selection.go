package main

import _ "embed"

// extensions is IDL of our own: members of specifications that webref's
// snapshot does not carry as files.
//
//go:embed extensions.idl
var extensions string

// source says what of one IDL file is generated. An interface maps to the
// names of its members that are wanted, nil meaning all of them; a file with
// no interfaces listed is taken whole. Dictionaries, enums and callbacks come
// along when something refers to them.
type source struct {
	file            string
	interfaces      map[string][]string
	allDictionaries bool
}

func all(names ...string) map[string][]string {
	m := map[string][]string{}
	for _, n := range names {
		m[n] = nil
	}
	return m
}

func with(m map[string][]string, name string, members ...string) map[string][]string {
	m[name] = members
	return m
}

var globalScope = []string{
	"origin", "isSecureContext", "crossOriginIsolated", "reportError", "btoa", "atob", "setTimeout", "clearTimeout",
	"setInterval", "clearInterval", "queueMicrotask", "structuredClone", "performance", "crypto", "fetch",
}

var selection = []source{
	{file: "webrtc"},
	{file: "webrtc-stats", allDictionaries: true},
	{file: "webrtc-svc"},
	{file: "webrtc-priority"},
	{file: "webrtc-encoded-transform"},
	{file: "mediacapture-streams"},
	{file: "mediacapture-fromelement"},
	{file: "mst-content-hint"},
	{file: "screen-capture", interfaces: with(map[string][]string{}, "MediaDevices", "getDisplayMedia")},
	{file: "video-rvfc", interfaces: all("HTMLVideoElement")},
	{file: "media-playback-quality"},
	{file: "webidl"},
	{file: "encoding", interfaces: all("TextEncoder", "TextDecoder", "TextEncoderCommon", "TextDecoderCommon")},
	{file: "url", interfaces: all("URL", "URLSearchParams")},
	{file: "websockets"},
	{file: "hr-time"},
	{file: "FileAPI", interfaces: with(all("Blob", "File", "FileReader"), "URL", "createObjectURL", "revokeObjectURL")},
	{file: "permissions"},
	{file: "streams"},
	{file: "fetch", interfaces: with(all("Headers", "Response", "Body"), "WindowOrWorkerGlobalScope", "fetch")},
	{file: "console", interfaces: all("console")},
	{file: "WebCryptoAPI", interfaces: with(with(map[string][]string{}, "Crypto", "getRandomValues", "randomUUID"), "WindowOrWorkerGlobalScope", "crypto")},
	{file: "webaudio", interfaces: with(with(with(with(with(with(
		all("OscillatorNode", "MediaStreamAudioDestinationNode", "MediaStreamAudioSourceNode", "AudioScheduledSourceNode", "AudioDestinationNode", "GainNode", "AnalyserNode"),
		"AudioNode", "connect", "disconnect", "context", "numberOfInputs", "numberOfOutputs", "channelCount"),
		"AudioContext", "constructor", "close", "resume", "suspend", "createMediaStreamDestination", "createMediaStreamSource", "baseLatency"),
		"BaseAudioContext", "destination", "sampleRate", "currentTime", "state", "onstatechange", "createOscillator", "createGain", "createAnalyser"),
		"AudioParam", "value", "defaultValue", "minValue", "maxValue", "setValueAtTime"),
		"AudioListener", "none"), "PeriodicWave", "none")},
	{file: "dom", interfaces: with(with(with(with(with(with(with(with(
		all("Event", "CustomEvent", "EventTarget", "EventListener", "AbortController", "AbortSignal"),
		"Node", "nodeType", "nodeName", "ownerDocument", "parentNode", "parentElement", "childNodes", "firstChild", "lastChild", "nextSibling", "previousSibling", "textContent", "appendChild", "removeChild", "insertBefore", "replaceChild", "hasChildNodes", "contains", "isConnected", "ELEMENT_NODE", "TEXT_NODE", "COMMENT_NODE", "DOCUMENT_NODE"),
		"Element", "tagName", "localName", "id", "className", "getAttribute", "setAttribute", "removeAttribute", "hasAttribute", "getElementsByTagName", "append", "remove", "querySelector", "querySelectorAll", "children", "firstElementChild"),
		"Document", "documentElement", "createElement", "createElementNS", "createTextNode", "getElementById", "getElementsByTagName", "URL", "documentURI", "characterSet", "contentType", "querySelector", "querySelectorAll"),
		"CharacterData", "data", "length"),
		"Text", "constructor"),
		"ParentNode", "append", "querySelector", "querySelectorAll", "children", "firstElementChild"),
		"ChildNode", "remove"),
		"NonElementParentNode", "getElementById")},
	{file: "html", interfaces: with(with(with(with(with(with(with(with(with(with(with(with(with(with(with(with(with(with(with(with(
		all("MessageChannel", "MessagePort", "MessageEvent", "ErrorEvent", "PromiseRejectionEvent", "ImageData", "HTMLAudioElement",
			"TextMetrics", "MediaError", "TimeRanges", "HTMLUnknownElement", "AbstractWorker", "Worker"),
		"GlobalEventHandlers", "onabort", "oncanplay", "oncanplaythrough", "onchange", "onclick", "ondurationchange", "onemptied", "onended", "onerror", "oninput", "onload", "onloadeddata", "onloadedmetadata", "onloadstart", "onpause", "onplay", "onplaying", "onprogress", "onratechange", "onresize", "onseeked", "onseeking", "onstalled", "onsuspend", "ontimeupdate", "onvolumechange", "onwaiting"),
		"WindowEventHandlers", "onbeforeunload", "onmessage", "onmessageerror", "onoffline", "ononline", "onpagehide", "onpageshow", "onrejectionhandled", "onunhandledrejection", "onunload"),
		"WindowOrWorkerGlobalScope", globalScope...),
		"Window", "window", "self", "document", "location", "navigator", "parent", "top", "opener", "frames", "name", "length", "close", "closed", "postMessage", "alert"),
		"Navigator", "mediaDevices", "permissions", "getUserMedia"),
		"NavigatorID", "userAgent", "appName", "appVersion", "platform", "product", "appCodeName", "vendor"),
		"NavigatorLanguage", "language", "languages"),
		"NavigatorOnLine", "onLine"),
		"NavigatorConcurrentHardware", "hardwareConcurrency"),
		"Location", "href", "origin", "protocol", "host", "hostname", "port", "pathname", "search", "hash", "reload", "assign", "replace"),
		"Document", "body", "head", "title", "readyState", "currentScript", "defaultView", "cookie", "hidden", "visibilityState"),
		"HTMLElement", "click", "title", "lang", "innerText"),
		"HTMLMediaElement", "error", "src", "srcObject", "currentSrc", "networkState", "preload", "readyState", "seeking", "currentTime", "duration", "paused", "ended", "autoplay", "loop", "play", "pause", "load", "controls", "volume", "muted", "defaultMuted", "playbackRate", "defaultPlaybackRate", "canPlayType", "buffered", "seekable", "played", "NETWORK_EMPTY", "NETWORK_IDLE", "NETWORK_LOADING", "NETWORK_NO_SOURCE", "HAVE_NOTHING", "HAVE_METADATA", "HAVE_CURRENT_DATA", "HAVE_FUTURE_DATA", "HAVE_ENOUGH_DATA"),
		"HTMLVideoElement", "width", "height", "videoWidth", "videoHeight", "poster", "playsInline"),
		"HTMLCanvasElement", "width", "height", "getContext", "captureStream", "toDataURL"),
		"HTMLScriptElement", "src", "type", "text"),
		"HTMLMetaElement", "name", "content"),
		"HTMLIFrameElement", "src", "srcdoc", "name", "contentWindow"),
		"DedicatedWorkerGlobalScope", "name", "postMessage", "close", "onmessage", "onmessageerror"),
		"WorkerGlobalScope", "self", "location", "navigator", "importScripts", "onerror")},
}

package browser

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// process is a browser under the watch of a shell. The shell leads the process
// group, and kills it when its standard input ends: whatever happens to the
// test, the browsers end with it.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	log   *tailWriter
	done  chan struct{}
}

// The browser runs in the background of the shell, and a second job ends the
// shell when the browser ends by itself. The browser must not inherit the
// standard input: it would not notice that it ended, but would hold it open.
const watch = `("$@" </dev/null; kill -TERM $$) & read -r _; kill -KILL 0`

func startProcess(path string, args []string, home string) (*process, error) {
	p := &process{log: &tailWriter{}, done: make(chan struct{})}
	p.cmd = exec.Command("/bin/sh", append([]string{"-c", watch, "sh", path}, args...)...)
	p.cmd.Env = append(os.Environ(),
		"HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "XDG_RUNTIME_DIR="+home,
		"MOZ_CRASHREPORTER_DISABLE=1", "NO_AT_BRIDGE=1")
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = ownGroup()
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) kill() {
	killGroup(p.cmd.Process.Pid)
	_ = p.stdin.Close()
	<-p.done
}

// tail returns what the browser said last, without what every browser says on
// a machine that has no desktop.
func (p *process) tail() string {
	var said []string
	for line := range strings.Lines(p.log.String()) {
		if !strings.Contains(line, "dbus/") && !strings.Contains(line, "headless mode") {
			said = append(said, line)
		}
	}
	return strings.TrimSpace(strings.Join(said, ""))
}

// commandLine returns the arguments that come before the address of the page.
func commandLine(kind Kind, profile string, opts Options) ([]string, error) {
	if kind == Chromium {
		return append([]string{
			"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
			"--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
			"--auto-select-desktop-capture-source=Entire screen",
			"--autoplay-policy=no-user-gesture-required",
			"--disable-quic", "--no-first-run", "--no-default-browser-check",
			"--disable-background-networking", "--disable-component-update", "--disable-sync",
			"--disable-extensions", "--disable-breakpad", "--metrics-recording-only", "--mute-audio",
			"--disable-background-timer-throttling", "--disable-renderer-backgrounding",
			"--disable-backgrounding-occluded-windows",
			"--window-size=1280,900", "--user-data-dir=" + profile,
		}, opts.Args...), nil
	}
	prefs := map[string]any{
		// Devices and playback.
		"media.navigator.streams.fake":             true,
		"media.navigator.permission.disabled":      true,
		"media.getdisplaymedia.enabled":            true,
		"media.autoplay.default":                   0,
		"media.autoplay.blocking_policy":           0,
		"media.peerconnection.enabled":             true,
		"media.peerconnection.ice.loopback":        true,
		"media.gmp-manager.updateEnabled":          false,
		"media.gmp-provider.enabled":               false,
		"media.block-autoplay-until-in-foreground": false,
		// No frame may be slowed down for being in the background.
		"dom.min_background_timeout_value":           4,
		"dom.timeout.enable_budget_timer_throttling": false,
		"dom.timeout.throttling_delay":               -1,
		"layout.throttled_frame_rate":                60,
		"privacy.reduceTimerPrecision":               false,
		// No first-run pages, no updates, no reports: no network but ours.
		"browser.aboutwelcome.enabled":                                false,
		"browser.shell.checkDefaultBrowser":                           false,
		"browser.startup.homepage_override.mstone":                    "ignore",
		"browser.startup.page":                                        0,
		"browser.newtabpage.enabled":                                  false,
		"browser.safebrowsing.malware.enabled":                        false,
		"browser.safebrowsing.phishing.enabled":                       false,
		"browser.safebrowsing.downloads.enabled":                      false,
		"browser.tabs.warnOnClose":                                    false,
		"browser.sessionstore.resume_from_crash":                      false,
		"browser.region.network.url":                                  "",
		"browser.search.update":                                       false,
		"app.update.enabled":                                          false,
		"app.update.auto":                                             false,
		"app.normandy.enabled":                                        false,
		"app.shield.optoutstudies.enabled":                            false,
		"datareporting.policy.dataSubmissionEnabled":                  false,
		"datareporting.policy.dataSubmissionPolicyBypassNotification": true,
		"datareporting.healthreport.uploadEnabled":                    false,
		"toolkit.telemetry.enabled":                                   false,
		"toolkit.telemetry.unified":                                   false,
		"toolkit.telemetry.server":                                    "",
		"toolkit.startup.max_resumed_crashes":                         -1,
		"extensions.update.enabled":                                   false,
		"extensions.getAddons.cache.enabled":                          false,
		"extensions.systemAddon.update.enabled":                       false,
		"network.captive-portal-service.enabled":                      false,
		"network.connectivity-service.enabled":                        false,
		"network.dns.disablePrefetch":                                 true,
		"network.prefetch-next":                                       false,
		"services.settings.server":                                    "data:,",
		"dom.push.connection.enabled":                                 false,
		"trailhead.firstrun.didSeeAboutWelcome":                       true,
		"termsofuse.bypassNotification":                               true,
		"dom.disable_open_during_load":                                false,
		"network.proxy.type":                                          0,
	}
	for name, value := range opts.Prefs {
		prefs[name] = value
	}
	names := make([]string, 0, len(prefs))
	for name := range prefs {
		names = append(names, name)
	}
	sort.Strings(names)
	var js strings.Builder
	for _, name := range names {
		switch v := prefs[name].(type) {
		case string, bool, int:
			fmt.Fprintf(&js, "user_pref(%q, %#v);\n", name, v)
		default:
			return nil, fmt.Errorf("browser: preference %s is a %T: want string, bool or int", name, v)
		}
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(js.String()), 0o600); err != nil {
		return nil, fmt.Errorf("browser: writing the preferences: %w", err)
	}
	return []string{"--headless", "--no-remote", "--new-instance", "--width", "1280", "--height", "900", "--profile", profile}, nil
}

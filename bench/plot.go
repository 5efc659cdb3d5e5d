package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A point of a curve: what a piece of work of some size costs us and pion.
type point struct{ x, ours, pion float64 }

// A curve is the points of one kind, in the order of their size.
type curve struct {
	name, title, xLabel, yLabel string
	points                      []point
}

// plot draws the curves in a file of results as SVG files in its folder.
func plot(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	list := []*curve{
		{name: "fanout", title: "One track to many peers", xLabel: "peers", yLabel: "CPU per packet, µs"},
		{name: "negotiate", title: "A first negotiation", xLabel: "tracks", yLabel: "time per m-line, ms"},
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, p, ok := readPoint(lines.Text())
		for _, c := range list {
			if ok && c.name == name {
				c.points = append(c.points, p)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	for _, c := range list {
		if len(c.points) < 2 {
			return fmt.Errorf("%s has no curve %q", file, c.name)
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), c.name+".svg"), c.svg(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readPoint reads a line such as
//
//	Benchmark/curve/fanout/100	3	1.6 ours-µs-cpu/packet	6.8 pion-µs-cpu/packet	0.24 ratio
func readPoint(line string) (curve string, p point, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 {
		return "", p, false
	}
	parts := strings.Split(fields[0], "/")
	if len(parts) != 4 || parts[1] != "curve" {
		return "", p, false
	}
	var err error
	if p.x, err = strconv.ParseFloat(parts[3], 64); err != nil {
		return "", p, false
	}
	for i := 2; i+1 < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		switch {
		case err != nil:
			return "", p, false
		case strings.HasPrefix(fields[i+1], "ours-"):
			p.ours = v
		case strings.HasPrefix(fields[i+1], "pion-"):
			p.pion = v
		}
	}
	return parts[2], p, p.ours > 0 && p.pion > 0
}

// svg draws the curve with both axes logarithmic, so that costs that do not
// grow are level and those that grow with the size are straight.
func (c *curve) svg() []byte {
	const width, height, left, right, top, bottom = 640, 400, 70, 90, 40, 50
	minX, maxX := c.points[0].x, c.points[0].x
	minY, maxY := math.Inf(1), 0.0
	for _, p := range c.points {
		minX, maxX = min(minX, p.x), max(maxX, p.x)
		minY, maxY = min(minY, p.ours, p.pion), max(maxY, p.ours, p.pion)
	}
	minY, maxY = math.Pow(10, math.Floor(math.Log10(minY))), math.Pow(10, math.Ceil(math.Log10(maxY)))
	x := func(v float64) float64 {
		return left + (width-left-right)*(math.Log10(v)-math.Log10(minX))/(math.Log10(maxX)-math.Log10(minX))
	}
	y := func(v float64) float64 {
		return height - bottom - (height-top-bottom)*(math.Log10(v)-math.Log10(minY))/(math.Log10(maxY)-math.Log10(minY))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	text := func(x, y float64, anchor, s string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, s)
	}
	text(left, 22, "start", c.title)
	text((left+width-right)/2, height-12, "middle", c.xLabel)
	fmt.Fprintf(&b, `<text transform="translate(18 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (top+height-bottom)/2, c.yLabel)
	for v := minY; v <= maxY*1.001; v *= 10 {
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/>`+"\n", left, y(v), width-right)
		text(left-8, y(v)+4, "end", strconv.FormatFloat(v, 'g', 4, 64))
	}
	for _, p := range c.points {
		fmt.Fprintf(&b, `<path d="M%.1f %dV%d" stroke="#ddd"/>`+"\n", x(p.x), top, height-bottom)
		text(x(p.x), height-bottom+18, "middle", strconv.FormatFloat(p.x, 'f', -1, 64))
	}
	for _, s := range []struct {
		name, colour string
		of           func(point) float64
	}{
		{"Trackway", "#0a7", func(p point) float64 { return p.ours }},
		{"pion", "#c63", func(p point) float64 { return p.pion }},
	} {
		path := ""
		for i, p := range c.points {
			path += fmt.Sprintf("%c%.1f %.1f", "ML"[min(i, 1)], x(p.x), y(s.of(p)))
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`+"\n", x(p.x), y(s.of(p)), s.colour)
		}
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path, s.colour)
		last := c.points[len(c.points)-1]
		text(x(last.x)+8, y(s.of(last))+4, "start", s.name)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

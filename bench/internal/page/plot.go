package page

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/go-asyncio/asyncio/bench/internal/results"
)

// bar is one contender's figure.
type bar struct {
	contender
	results.Spread
	ours bool
}

// panel is the bars of one cell.
type panel struct {
	title string
	bars  []bar
	ratio bool
	unit  string
}

// panels are what the plot of a section shows.
func (s section) panels(shape *results.Shape) (all []panel) {
	for i := range shape.Cells {
		c := &shape.Cells[i]
		p := panel{title: s.cellTitle(c.Name), ratio: s.ratios && c.Reference != "", unit: unitOf(s.measure, s.message)}
		if p.ratio {
			p.unit = "× " + named(c.Reference).label
		}
		for _, row := range c.Rows {
			spread := row.Spread(s.measure)
			if p.ratio {
				spread = c.Ratio(row.Contender, c.Reference, s.measure)
			}
			if spread.N > 0 {
				p.bars = append(p.bars, bar{named(row.Contender), spread, results.Ours(row.Contender)})
			}
		}
		slices.SortStableFunc(p.bars, func(a, b bar) int { return cmp.Compare(a.Median, b.Median) })
		if len(p.bars) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// Sizes of a plot, in points.
const (
	panelWidth = 470
	rowHeight  = 17
	headHeight = 62 // a panel's title, axis and label
	legendSize = 26
	labelWidth = 205 // with room for a font that is wider than the one that is measured
)

var (
	sans = font.Font{Typeface: "Liberation", Variant: "Sans"}
	grid = color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
	ink  = color.RGBA{0x22, 0x22, 0x22, 0xff}
)

// draw writes an SVG with the panels, two beside each other.
func drawPanels(w io.Writer, panels []panel) error {
	columns := min(len(panels), 2)
	var heights []vg.Length
	total := vg.Length(legendSize)
	for i := 0; i < len(panels); i += columns {
		most := 0
		for _, p := range panels[i:min(i+columns, len(panels))] {
			most = max(most, len(p.bars))
		}
		heights = append(heights, vg.Length(headHeight+rowHeight*most))
		total += heights[len(heights)-1]
	}
	canvas := vgsvg.NewWith(vgsvg.UseWH(vg.Length(panelWidth*columns), total))
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	legend(draw.Crop(whole, 0, 0, total-legendSize, 0), panels)
	top := total - legendSize
	for i, p := range panels {
		row, column := i/columns, i%columns
		if column == 0 && row > 0 {
			top -= heights[row-1]
		}
		height := vg.Length(headHeight + rowHeight*len(p.bars))
		place := vg.Rectangle{
			Min: vg.Point{X: vg.Length(panelWidth * column), Y: top - height},
			Max: vg.Point{X: vg.Length(panelWidth * (column + 1)), Y: top},
		}
		p.draw(draw.Canvas{Canvas: whole.Canvas, Rectangle: place})
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	// Where there is no Liberation Sans, the fonts of the same widths come first.
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif")))
	return err
}

// legend names the colours that there are.
func legend(c draw.Canvas, panels []panel) {
	style := textStyle(10)
	x := c.Min.X + 14
	for _, f := range []family{callbacks, coroutines, inC, inGo, inPython} {
		used := slices.ContainsFunc(panels, func(p panel) bool {
			return slices.ContainsFunc(p.bars, func(b bar) bool { return b.family == f })
		})
		if !used {
			continue
		}
		y := c.Min.Y + 8
		c.FillPolygon(f.color, []vg.Point{{X: x, Y: y}, {X: x + 10, Y: y}, {X: x + 10, Y: y + 10}, {X: x, Y: y + 10}})
		c.FillText(style, vg.Point{X: x + 14, Y: y + 1}, f.name)
		x += 14 + style.Width(f.name)*1.15 + 20
	}
}

func textStyle(size vg.Length) draw.TextStyle {
	f := sans
	f.Size = size
	return draw.TextStyle{Color: ink, Font: f, Handler: plot.DefaultTextHandler, XAlign: text.XLeft, YAlign: text.YBottom}
}

// draw makes the panel on its part of the canvas.
func (p panel) draw(c draw.Canvas) {
	g := plot.New()
	g.BackgroundColor = color.White
	g.Title.Text = p.title
	g.Title.TextStyle.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Weight: 2, Size: 12}
	g.Title.Padding = 4
	g.X.Label.Text = p.unit
	for _, f := range []*font.Font{&g.X.Label.TextStyle.Font, &g.X.Tick.Label.Font, &g.Y.Tick.Label.Font} {
		*f = sans
		f.Size = 10
	}
	g.X.Min, g.X.Max = 0, p.limit()*1.16
	g.Y.Min, g.Y.Max = -0.6, float64(len(p.bars))-0.4
	g.Y.Tick.Marker = plot.ConstantTicks(nil)
	g.Y.Tick.Length, g.Y.LineStyle.Width, g.Y.Padding = 0, 0, 0
	g.X.Tick.Marker = plot.TickerFunc(axisTicks)
	g.Add(p)
	g.Draw(draw.Crop(c, labelWidth, -8, 4, -4))
}

// place is where the bar i stands: the first at the top.
func (p panel) place(i int) float64 { return float64(len(p.bars) - 1 - i) }

// limit is where the axis ends. What is much longer than the others is cut, and says so.
func (p panel) limit() float64 {
	var medians []float64
	for _, b := range p.bars {
		medians = append(medians, b.Median)
	}
	slices.Sort(medians)
	// Three quarters of the bars are shown whole, and what is not twice as long.
	usual := medians[len(medians)*3/4]
	limit := 0.0
	for _, b := range p.bars {
		if b.Median <= 2*usual {
			limit = max(limit, b.Median, min(b.High, 2*b.Median))
		}
	}
	return max(limit, 1e-9)
}

// Plot implements plot.Plotter. The axes are set, so that it needs no DataRange.
func (p panel) Plot(c draw.Canvas, g *plot.Plot) {
	x, y := g.Transforms(&c)
	limit := p.limit()
	thin := draw.LineStyle{Color: grid, Width: 0.5}
	for _, t := range axisTicks(g.X.Min, g.X.Max) {
		if t.Label != "" {
			c.StrokeLine2(thin, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
		}
	}
	if p.ratio && limit >= 1 {
		c.StrokeLine2(draw.LineStyle{Color: ink, Width: 0.8, Dashes: []vg.Length{3, 2}}, x(1), c.Min.Y, x(1), c.Max.Y)
	}
	for i, b := range p.bars {
		middle := y(p.place(i))
		name := textStyle(10)
		name.YAlign = text.YCenter
		if b.ours {
			c.FillText(name, vg.Point{X: c.Min.X - labelWidth + 12, Y: middle}, "▸")
		}
		c.FillText(name, vg.Point{X: c.Min.X - labelWidth + 24, Y: middle}, b.label)
		end := min(b.Median, limit)
		from, to := vg.Point{X: x(0), Y: middle - 5}, vg.Point{X: x(end), Y: middle + 5}
		c.FillPolygon(b.family.color, []vg.Point{from, {X: to.X, Y: from.Y}, to, {X: from.X, Y: to.Y}})
		label := figure(b.Median, p.ratio)
		right := to.X
		if b.Median > limit {
			label += " »"
		} else if b.N > 1 {
			whisker := draw.LineStyle{Color: ink, Width: 1}
			low, high := x(b.Low), x(min(b.High, limit*1.02))
			c.StrokeLine2(whisker, low, middle, high, middle)
			c.StrokeLine2(whisker, low, middle-2.5, low, middle+2.5)
			c.StrokeLine2(whisker, high, middle-2.5, high, middle+2.5)
			right = max(right, high)
		}
		small := textStyle(9)
		small.YAlign = text.YCenter
		c.FillText(small, vg.Point{X: right + 6, Y: middle}, label)
	}
}

// axisTicks are some five round numbers.
func axisTicks(low, high float64) (ticks []plot.Tick) {
	raw := (high - low) / 5
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := unit
	for _, m := range []float64{2, 5, 10} {
		if step < raw {
			step = unit * m
		}
	}
	for i := 0; float64(i)*step <= high; i++ {
		v := float64(i) * step
		ticks = append(ticks, plot.Tick{Value: v, Label: axisLabel(v, step)})
	}
	return ticks
}

func axisLabel(v, step float64) string {
	if step >= 1 {
		return thousands(v)
	}
	return fmt.Sprintf("%.*f", int(math.Ceil(-math.Log10(step))), v)
}

// figure is a value as people read it.
func figure(v float64, ratio bool) string {
	switch {
	case ratio && v < 10:
		return fmt.Sprintf("%.2f", v)
	case v >= 1000:
		return thousands(v)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

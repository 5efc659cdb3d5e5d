package js

type canvas struct{ n *node }

func newCanvas(n *node) *canvas { return &canvas{n} }
func (c *canvas) reset()        {}

// Package bwe is congestion control for media: it learns from feedback about
// sent packets how much the path carries, and says at which bit rate to send,
// when to probe for more, and how to share the rate among encodings.
//
// It follows Google Congestion Control (draft-ietf-rmcat-gcc-02) in its shape,
// a delay-based and a loss-based estimate of which the smaller rules, and
// departs from it where a plain fact is at hand: the queue's length is measured
// against the lowest delay seen, not only guessed from its slope, and loss
// that does not depend on the sending rate is not taken for congestion.
//
// The package is pure: the time is an argument, and nothing blocks.
package bwe

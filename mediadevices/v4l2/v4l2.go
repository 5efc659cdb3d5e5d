// Package v4l2 captures from cameras by Video4Linux, into memory that it shares
// with the driver. Of the formats that cameras have it takes YUYV, NV12 and
// Motion JPEG. On other systems than Linux there are no such cameras.
package v4l2

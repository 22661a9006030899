// A client that is not of our making: gstreamer_client URL COUNT FILE puts the first COUNT units
// that GStreamer's RTSP client gets into FILE, one behind the other, each NAL unit behind a 4-byte
// length. A program of its own, since GLib's memory stays where it is until the end.
#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 4) return 2;
  std::FILE* const file = std::fopen(argv[3], "wb");
  const std::string launch = "rtspsrc protocols=tcp latency=0 location=" + std::string(argv[1]) +
                             " ! rtph264depay ! video/x-h264,stream-format=avc,alignment=au"
                             " ! appsink name=units sync=false";
  GstElement* const pipeline = gst_parse_launch(launch.c_str(), nullptr);
  if (file == nullptr || pipeline == nullptr) return 1;
  GstElement* const sink = gst_bin_get_by_name(GST_BIN(pipeline), "units");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  const std::string_view count = argv[2];
  unsigned left = 0;
  std::from_chars(count.data(), count.data() + count.size(), left);
  for (; left > 0; --left) {
    constexpr GstClockTime kPatience = 20 * GST_SECOND;
    GstSample* const sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), kPatience);
    if (sample == nullptr) break;
    GstMapInfo map;
    gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ);
    (void)std::fwrite(map.data, 1, map.size, file);
    gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
    gst_sample_unref(sample);
  }
  (void)std::fclose(file);
  std::_Exit(0);
}

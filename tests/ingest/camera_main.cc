// A camera for tests that is not of our making: GStreamer's RTSP server with files as its pictures,
// over and over, in real time.
//
//   ingest_camera PORT MOUNT=FILE[,SOUND] ... [--login basic|digest USER PASSWORD] [--address A]
//
// PORT 0 takes any; it listens on loopback alone, or at A. FILE is H.264 or H.265 as Annex B (by
// its name: .h264 .264 .h265), 25 pictures a second; SOUND is alaw, mulaw, aac or opus. Prints
// "port N" when it answers; ends when its standard input does.
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/rtsp-server/rtsp-server.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/media/au_splitter.h"
#include "engine/media/nal.h"

namespace {

using reel::Bytes;
using reel::ByteSpan;

constexpr GstClockTime kFrame = 40 * GST_MSECOND;

struct Film {
  bool h265 = false;
  std::vector<Bytes> units;  // Annex B
};

// One client's place in a film.
struct Player {
  const Film* film = nullptr;
  uint64_t next = 0;
};

bool ReadFilm(const std::string& path, Film* film) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  film->h265 = path.ends_with(".h265");
  reel::AuSplitter splitter(film->h265 ? reel::Codec::kH265 : reel::Codec::kH264);
  splitter.Feed(reel::AsBytes(text));
  splitter.Finish();
  for (;;) {
    const auto unit = splitter.Next();
    if (!unit.ok()) continue;
    if (!*unit) return !film->units.empty();
    film->units.push_back(reel::ToAnnexB((*unit)->bytes).value());
  }
}

void OnNeedData(GstElement* source, guint /*wanted*/, gpointer data) {
  auto* player = static_cast<Player*>(data);
  const Bytes& unit = player->film->units[player->next % player->film->units.size()];
  GstBuffer* buffer = gst_buffer_new_memdup(unit.data(), unit.size());
  GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) = player->next * kFrame;
  GST_BUFFER_DURATION(buffer) = kFrame;
  ++player->next;
  gst_app_src_push_buffer(GST_APP_SRC(source), buffer);
}

void OnConfigure(GstRTSPMediaFactory* /*factory*/, GstRTSPMedia* media, gpointer data) {
  const auto* film = static_cast<const Film*>(data);
  GstElement* pipeline = gst_rtsp_media_get_element(media);
  GstElement* source = gst_bin_get_by_name_recurse_up(GST_BIN(pipeline), "pictures");
  GstCaps* caps = gst_caps_new_simple(film->h265 ? "video/x-h265" : "video/x-h264", "stream-format",
                                      G_TYPE_STRING, "byte-stream", "alignment", G_TYPE_STRING,
                                      "au", "framerate", GST_TYPE_FRACTION, 25, 1, nullptr);
  g_object_set(source, "caps", caps, "format", GST_FORMAT_TIME, "is-live", TRUE, "max-bytes",
               guint64{1} << 20, nullptr);
  gst_caps_unref(caps);
  auto player = std::make_unique<Player>();
  player->film = film;
  g_signal_connect(source, "need-data", G_CALLBACK(OnNeedData), player.get());
  g_object_set_data_full(G_OBJECT(source), "player", player.release(),
                         [](gpointer dead) { delete static_cast<Player*>(dead); });
  gst_object_unref(source);
  gst_object_unref(pipeline);
}

std::string SoundOf(const std::string& kind) {
  const std::string source = " audiotestsrc is-live=true samplesperbuffer=800 ! audio/x-raw,rate=";
  if (kind == "alaw") return source + "8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8";
  if (kind == "mulaw") return source + "8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0";
  if (kind == "aac") return source + "48000,channels=1 ! voaacenc ! rtpmp4gpay name=pay1 pt=97";
  if (kind == "opus") return source + "48000,channels=2 ! opusenc ! rtpopuspay name=pay1 pt=97";
  return "";
}

void AddLogin(GstRTSPServer* server, const std::string& method, const char* user,
              const char* password) {
  GstRTSPAuth* auth = gst_rtsp_auth_new();
  GstRTSPToken* token =
      gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "viewer", nullptr);
  if (method == "basic") {
    gchar* basic = gst_rtsp_auth_make_basic(user, password);
    gst_rtsp_auth_add_basic(auth, basic, token);
    g_free(basic);
  } else {
    gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
    gst_rtsp_auth_add_digest(auth, user, password, token);
  }
  gst_rtsp_token_unref(token);
  gst_rtsp_server_set_auth(server, auth);
  g_object_unref(auth);
}

gboolean OnInput(GIOChannel* /*input*/, GIOCondition /*condition*/, gpointer loop) {
  g_main_loop_quit(static_cast<GMainLoop*>(loop));
  return FALSE;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 3) return 2;
  GstRTSPServer* server = gst_rtsp_server_new();
  gst_rtsp_server_set_address(server, "127.0.0.1");
  gst_rtsp_server_set_service(server, argv[1]);
  GstRTSPMountPoints* mounts = gst_rtsp_server_get_mount_points(server);
  std::map<std::string, Film> films;
  bool with_login = false;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--address" && i + 1 < argc) gst_rtsp_server_set_address(server, argv[++i]);
    if (argument == "--login" && i + 3 < argc) {
      AddLogin(server, argv[i + 1], argv[i + 2], argv[i + 3]);
      with_login = true;
      i += 3;
    }
  }
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (argument == "--login") i += 3;
    if (argument == "--address") i += 1;
    if (argument.starts_with("--") || equals == std::string::npos) continue;
    const std::string value = argument.substr(equals + 1);
    const size_t comma = value.find(',');
    const std::string path = value.substr(0, comma);
    Film& film = films[path];
    if (film.units.empty() && !ReadFilm(path, &film)) {
      std::fprintf(stderr, "no pictures in %s\n", path.c_str());
      return 1;
    }
    const std::string codec = film.h265 ? "h265" : "h264";
    std::string launch = "( appsrc name=pictures ! ";
    launch += codec + "parse ! rtp";
    launch += codec + "pay name=pay0 pt=96 config-interval=1";
    launch += SoundOf(comma == std::string::npos ? "" : value.substr(comma + 1)) + " )";
    GstRTSPMediaFactory* factory = gst_rtsp_media_factory_new();
    gst_rtsp_media_factory_set_launch(factory, launch.c_str());
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    if (with_login) {
      gst_rtsp_media_factory_add_role(factory, "viewer", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                      G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                      G_TYPE_BOOLEAN, TRUE, nullptr);
    }
    g_signal_connect(factory, "media-configure", G_CALLBACK(OnConfigure), &film);
    gst_rtsp_mount_points_add_factory(mounts, argument.substr(0, equals).c_str(), factory);
  }
  g_object_unref(mounts);
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  if (gst_rtsp_server_attach(server, nullptr) == 0) return 1;
  std::printf("port %d\n", gst_rtsp_server_get_bound_port(server));
  std::fflush(stdout);
  GIOChannel* input = g_io_channel_unix_new(0);
  g_io_add_watch(input, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP | G_IO_ERR), OnInput, loop);
  g_main_loop_run(loop);
  return 0;
}

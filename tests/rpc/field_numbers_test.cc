// Numbers on the wire are for ever: server/proto/field_numbers.txt lists each field, value and RPC,
// and a line that was there stays or becomes "reserved".
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include <reel/v1/admin.pb.h>
#include <reel/v1/common.pb.h>
#include <reel/v1/ingest.pb.h>
#include <reel/v1/playback.pb.h>

namespace reel::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;

void List(const EnumDescriptor& type, std::set<std::string>* lines) {
  for (int i = 0; i < type.value_count(); ++i) {
    lines->insert(type.full_name() + "." + type.value(i)->name() + " = " +
                  std::to_string(type.value(i)->number()));
  }
}

void List(const Descriptor& type, std::set<std::string>* lines) {
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    std::string line = field.full_name() + " = " + std::to_string(field.number()) + " ";
    if (field.is_repeated()) line += "repeated ";
    line += field.type_name();
    if (field.message_type() != nullptr) line += " " + field.message_type()->full_name();
    if (field.enum_type() != nullptr) line += " " + field.enum_type()->full_name();
    lines->insert(line);
  }
  for (int i = 0; i < type.nested_type_count(); ++i) List(*type.nested_type(i), lines);
  for (int i = 0; i < type.enum_type_count(); ++i) List(*type.enum_type(i), lines);
}

std::set<std::string> OnTheWire() {
  std::set<std::string> lines;
  for (const FileDescriptor* file :
       {v1::Unit::descriptor()->file(), v1::AppendRequest::descriptor()->file(),
        v1::ReadRequest::descriptor()->file(), v1::AddStreamRequest::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) List(*file->message_type(i), &lines);
    for (int i = 0; i < file->enum_type_count(); ++i) List(*file->enum_type(i), &lines);
    for (int i = 0; i < file->service_count(); ++i) {
      for (int m = 0; m < file->service(i)->method_count(); ++m) {
        const auto& method = *file->service(i)->method(m);
        lines.insert(method.full_name() + " : " + (method.client_streaming() ? "stream " : "") +
                     method.input_type()->full_name() + " -> " +
                     (method.server_streaming() ? "stream " : "") +
                     method.output_type()->full_name());
      }
    }
  }
  return lines;
}

TEST(FieldNumbers, AreThoseThatWereGivenOnce) {
  std::ifstream file(std::string(REEL_SOURCE_DIR) + "/server/proto/field_numbers.txt");
  std::set<std::string> listed;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') listed.insert(line);
  }
  for (const std::string& line : listed) {
    EXPECT_TRUE(OnTheWire().count(line) != 0 || line.starts_with("reserved "))
        << "gone or changed: " << line;
  }
  for (const std::string& line : OnTheWire()) {
    EXPECT_TRUE(listed.count(line) != 0) << "to be added to field_numbers.txt: " << line;
  }
}

// A number that is kept free may not come back.
TEST(FieldNumbers, ReservedOnesAreNotUsed) {
  std::ifstream file(std::string(REEL_SOURCE_DIR) + "/server/proto/field_numbers.txt");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("reserved ")) continue;
    const std::string name = line.substr(9, line.rfind('.') - 9) + ".";
    const std::string number = line.substr(line.find(" = "));
    for (const std::string& used : OnTheWire()) {
      EXPECT_FALSE(used.starts_with(name) && used.find(number + " ") != std::string::npos) << used;
    }
  }
}

}  // namespace
}  // namespace reel::server

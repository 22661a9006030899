#include "engine/media/field_reader.h"

namespace reel {

void FieldReader::Refuse(const char* field, int64_t value) {
  if (!ok()) return;
  bad_field_ = field;
  bad_value_ = value;
}

Status FieldReader::status() const {
  if (bad_field_ != nullptr) {
    return InvalidArgument(std::string(what_) + ": " + bad_field_ + " is " +
                           std::to_string(bad_value_));
  }
  if (!bits_.ok()) {
    return InvalidArgument(std::string(what_) + ": ends after bit " +
                           std::to_string(bits_.position_bits()));
  }
  return OkStatus();
}

}  // namespace reel

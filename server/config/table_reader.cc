#include "server/config/table_reader.h"

#include <algorithm>

#include "engine/base/near_name.h"

namespace reel::server {

const toml::node* TableReader::Ask(std::string_view key) {
  asked_.emplace_back(key);
  return table_.get(key);
}

uint32_t TableReader::line(std::string_view key) const {
  const toml::node* node = table_.get(key);
  return (node != nullptr ? node->source() : table_.source()).begin.line;
}

void TableReader::Wrong(std::string_view key, const std::string& what) {
  mistakes_.push_back({line(key), where_ + ": " + std::string(key) + ": " + what});
}

bool TableReader::Text(std::string_view key, std::string* value) {
  const toml::node* node = Ask(key);
  if (node == nullptr) return false;
  const auto* text = node->as_string();
  if (text == nullptr) {
    Wrong(key, "must be a text in quotes");
    return false;
  }
  *value = text->get();
  return true;
}

bool TableReader::Require(std::string_view key, std::string* value) {
  if (Text(key, value)) {
    if (!value->empty()) return true;
    Wrong(key, "must not be empty");
  } else if (table_.get(key) == nullptr) {
    Wrong(key, "is missing");
  }
  return false;
}

bool TableReader::Number(std::string_view key, uint64_t least, uint64_t most, uint64_t* value) {
  const toml::node* node = Ask(key);
  if (node == nullptr) return false;
  const auto* number = node->as_integer();
  const int64_t got = number != nullptr ? number->get() : -1;
  if (number == nullptr || got < 0 || static_cast<uint64_t>(got) < least ||
      static_cast<uint64_t>(got) > most) {
    Wrong(key,
          "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return false;
  }
  *value = static_cast<uint64_t>(got);
  return true;
}

bool TableReader::Flag(std::string_view key, bool* value) {
  const toml::node* node = Ask(key);
  if (node == nullptr) return false;
  const auto* flag = node->as_boolean();
  if (flag == nullptr) {
    Wrong(key, "must be true or false");
    return false;
  }
  *value = flag->get();
  return true;
}

bool TableReader::Texts(std::string_view key, std::vector<std::string>* value) {
  const toml::node* node = Ask(key);
  if (node == nullptr) return false;
  const toml::array* array = node->as_array();
  std::vector<std::string> texts;
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto* text = array->get(i)->as_string();
    if (text != nullptr) texts.push_back(text->get());
  }
  if (array == nullptr || texts.size() != array->size()) {
    Wrong(key, R"(must be a list of texts: ["one", "another"])");
    return false;
  }
  *value = std::move(texts);
  return true;
}

const toml::table* TableReader::Table(std::string_view key) {
  const toml::node* node = Ask(key);
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr) Wrong(key, "must be a table: [" + std::string(key) + "]");
  return node->as_table();
}

std::vector<const toml::table*> TableReader::Tables(std::string_view key) {
  std::vector<const toml::table*> tables;
  const toml::node* node = Ask(key);
  if (node == nullptr) return tables;
  const toml::array* array = node->as_array();
  for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const toml::table* table = array->get(i)->as_table();
    if (table != nullptr) tables.push_back(table);
  }
  if (array == nullptr || tables.size() != array->size())
    Wrong(key, "must be tables: [[" + std::string(key) + "]]");
  return tables;
}

void TableReader::RefuseOthers() {
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    auto near = NearestName(name, asked_);
    const auto longer = std::find_if(asked_.begin(), asked_.end(), [&](const std::string& known) {
      return known.compare(0, name.size(), name) == 0;
    });
    if (!near && longer != asked_.end()) near = *longer;
    if (near) {
      Wrong(name, "is no key here; did you mean '" + *near + "'?");
      continue;
    }
    std::string known;
    for (const std::string& key_here : asked_) known += (known.empty() ? "" : ", ") + key_here;
    Wrong(name, "is no key here; there are " + known);
  }
}

}  // namespace reel::server

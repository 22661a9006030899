// TableReader: one table of a TOML file, key by key. What is asked for is what there may be: a key
// that nobody asked for is a mistake, and named with the nearest one that exists.
//
// Thread rule: one thread.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/config/config_file.h"

namespace reel::server {

class TableReader {
 public:
  // `where` names the table in a mistake: "[node]", "camera 'gate'".
  TableReader(const toml::table& table, std::string where, std::vector<Mistake>* mistakes)
      : table_(table), where_(std::move(where)), mistakes_(*mistakes) {}

  // Each leaves *value as it is when the key is absent. True if it was there and right.
  bool Text(std::string_view key, std::string* value);
  bool Number(std::string_view key, uint64_t least, uint64_t most, uint64_t* value);
  bool Flag(std::string_view key, bool* value);
  bool Texts(std::string_view key, std::vector<std::string>* value);
  template <class Enum>
  bool Choice(std::string_view key, std::initializer_list<std::pair<const char*, Enum>> choices,
              Enum* value) {
    std::string text;
    if (!Text(key, &text)) return false;
    std::string names;
    for (const auto& [name, meant] : choices) {
      if (text == name) {
        *value = meant;
        return true;
      }
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    Wrong(key, "'" + text + "' is none of " + names);
    return false;
  }
  bool Require(std::string_view key, std::string* value);

  // Tables below this one: `[key]`, and `[[key]]` in their order.
  const toml::table* Table(std::string_view key);
  std::vector<const toml::table*> Tables(std::string_view key);

  // Behind the last question.
  void RefuseOthers();

  // A mistake about `key`, or about the whole table where that is not there.
  void Wrong(std::string_view key, const std::string& what);
  uint32_t line(std::string_view key) const;

 private:
  const toml::node* Ask(std::string_view key);

  const toml::table& table_;
  std::string where_;
  std::vector<Mistake>& mistakes_;
  std::vector<std::string> asked_;
};

}  // namespace reel::server

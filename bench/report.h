// Report: what the rounds gave, as a table of goals and as JSON.
// Thread rule: one thread at a time.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/goals.h"

namespace reel::bench {

// One figure of one round.
struct Figure {
  std::string goal;
  double value = 0;
  double peer = 0;  // of the same round; 0: the goal has none
};

// What is held against must and own.
double JudgedValue(const Goal& goal, const Figure& figure);

double Median(std::vector<double> values);  // 0 of none

class Report {
 public:
  void Add(const Figure& figure) { figures_[figure.goal].push_back(figure); }
  // Of a whole benchmark: said below the table.
  void AddNote(const std::string& note) { notes_.push_back(note); }

  // The goals that have figures, one a line, in the order of Goals(): medians over the rounds, the
  // spread as lowest to highest, and whether the median reaches own ("own"), must ("pass") or
  // neither ("short").
  std::string Table() const;
  nlohmann::json Json() const;
  static std::string Verdict(const Goal& goal, double judged);

 private:
  std::map<std::string, std::vector<Figure>> figures_;
  std::vector<std::string> notes_;
};

}  // namespace reel::bench

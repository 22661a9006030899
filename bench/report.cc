#include "bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace reel::bench {
namespace {

// Three digits that matter: 0.0513, 2.51, 270, 13120.
std::string Short(double value) {
  std::array<char, 32> text{};
  const double magnitude = std::fabs(value);
  const int decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 0.1 ? 2 : 4;
  (void)snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

struct Summary {
  double value = 0;
  double peer = 0;
  double judged = 0;
  double lowest = 0;
  double highest = 0;
};

Summary Summarize(const Goal& goal, const std::vector<Figure>& figures) {
  std::vector<double> values;
  std::vector<double> peers;
  std::vector<double> judged;
  for (const Figure& figure : figures) {
    values.push_back(figure.value);
    peers.push_back(figure.peer);
    judged.push_back(JudgedValue(goal, figure));
  }
  const auto [lowest, highest] = std::minmax_element(judged.begin(), judged.end());
  return {Median(values), Median(peers), Median(judged), *lowest, *highest};
}

std::string Row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += " " + cell + " |";
  return row + "\n";
}

}  // namespace

double JudgedValue(const Goal& goal, const Figure& figure) {
  switch (goal.judged) {
    case Judged::kFigure:
      return figure.value;
    case Judged::kFigureOverPeer:
      return figure.peer == 0 ? 0 : figure.value / figure.peer;
    case Judged::kPeerOverFigure:
      return figure.value == 0 ? 0 : figure.peer / figure.value;
    case Judged::kFigureLessPeer:
      return figure.value - figure.peer;
  }
  return 0;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string Report::Verdict(const Goal& goal, double judged) {
  const auto reaches = [&](double bound) {
    return goal.better == Better::kHigher ? judged >= bound : judged <= bound;
  };
  return reaches(goal.own) ? "own" : reaches(goal.must) ? "pass" : "short";
}

std::string Report::Table() const {
  std::string table = Row({"#", "goal", "figure", "probe or peer", "ratio", "must", "own", "spread",
                           "rounds", "verdict"});
  table += "|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Goal& goal : Goals()) {
    const auto found = figures_.find(goal.id);
    if (found == figures_.end()) continue;
    const Summary all = Summarize(goal, found->second);
    const bool alone = goal.judged == Judged::kFigure;
    const bool above = goal.judged == Judged::kFigureLessPeer && all.judged > 0;
    table += Row({goal.id, goal.what, Short(all.value) + " " + goal.unit,
                  alone ? "-" : goal.peer + " " + Short(all.peer),
                  alone ? "-" : (above ? "+" : "") + Short(all.judged), Short(goal.must),
                  Short(goal.own), Short(all.lowest) + " to " + Short(all.highest),
                  std::to_string(found->second.size()), Verdict(goal, all.judged)});
  }
  for (const std::string& note : notes_) table += "\n" + note + "\n";
  return table;
}

nlohmann::json Report::Json() const {
  nlohmann::json goals = nlohmann::json::array();
  for (const Goal& goal : Goals()) {
    const auto found = figures_.find(goal.id);
    if (found == figures_.end()) continue;
    const Summary all = Summarize(goal, found->second);
    nlohmann::json rounds = nlohmann::json::array();
    for (const Figure& figure : found->second)
      rounds.push_back({{"value", figure.value}, {"peer", figure.peer}});
    goals.push_back({{"id", goal.id},
                     {"what", goal.what},
                     {"unit", goal.unit},
                     {"peer", goal.peer},
                     {"value", all.value},
                     {"peer_value", all.peer},
                     {"judged", all.judged},
                     {"must", goal.must},
                     {"own", goal.own},
                     {"lowest", all.lowest},
                     {"highest", all.highest},
                     {"verdict", Verdict(goal, all.judged)},
                     {"rounds", rounds}});
  }
  return {{"goals", goals}, {"notes", notes_}};
}

}  // namespace reel::bench

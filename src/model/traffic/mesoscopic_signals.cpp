// Signals: by their programs, by the vehicles that come, or by pressure.
#include <algorithm>
#include <cmath>

#include "model/traffic/queues.hpp"

namespace cityloom::model::traffic {
namespace {

constexpr double yellow_s = 3, all_red_s = 1;
constexpr double green_least_s = 10;   // of a phase that pressure has chosen
constexpr double decide_each_s = 2;    // whether it goes on
constexpr double red_longest_s = 120;  // then a phase with vehicles is served first
constexpr double served_most = 15;     // vehicles of a lane in one green
constexpr double full_counts = 20;     // vehicles more that a full lane counts as
constexpr double stay = 1.3;           // times its own pressure that another phase needs: clearing costs seconds
constexpr double gap_out_s = 3;        // without vehicles an adapting phase ends

bool is_green(char letter) {
  return letter == 'G' || letter == 'g';
}

bool gives_green(const Phase& phase) {
  return phase.state.find('y') == std::string::npos && std::any_of(phase.state.begin(), phase.state.end(), is_green);
}

}  // namespace

void Mesoscopic::start_signals() {
  for (uint32_t i = 0; i < signals_.size(); ++i) {
    if (network_.signals[i].programs.empty()) continue;
    const Program& program = network_.signals[i].programs.back();
    SignalState& state = signals_[i];
    state.changed_s.assign(network_.signals[i].links.size(), -1e9);
    for (uint32_t phase = 0; phase < program.phases.size(); ++phase) {
      if (gives_green(program.phases[phase])) state.greens.push_back(phase);
    }
    double at_s = std::fmod(now_s_ - program.offset_s, program.cycle_s);
    if (at_s < 0) at_s += program.cycle_s;
    while (at_s >= program.phases[state.phase].duration_s && state.phase + 1 < program.phases.size())
      at_s -= program.phases[state.phase++].duration_s;
    state.since_s = now_s_ - at_s;
    show(i, program.phases[state.phase].state);
    std::fill(state.changed_s.begin(), state.changed_s.end(), state.since_s);
    schedule(Event::Kind::signal, i, now_s_ + program.phases[state.phase].duration_s - at_s);
  }
}

/// Sets the letters and calls the lanes that may go now.
void Mesoscopic::show(uint32_t signal, const std::string& letters) {
  SignalState& state = signals_[signal];
  const auto& links = network_.signals[signal].links;
  for (size_t i = 0; i < links.size(); ++i) {
    const char before = i < state.letters.size() ? state.letters[i] : ' ';
    if (before == letters[i]) continue;
    // From yielding to going first is no new start.
    if (!(is_green(before) && is_green(letters[i]))) state.changed_s[i] = now_s_;
    if (links[i] != none && letters[i] != 'r' && letters[i] != 'y' && letters[i] != 'u')
      schedule(Event::Kind::lane, network_.links[links[i]].from_lane, now_s_);
  }
  state.letters = letters;
}

void Mesoscopic::switch_signal(uint32_t signal) {
  const Program& program = network_.signals[signal].programs.back();
  const bool adapts = program.type == "actuated" || program.type == "delay_based";
  double next_s = 0;
  if (options_.control == Control::max_pressure && signals_[signal].greens.size() > 1)
    next_s = next_by_pressure(signal);
  else if (options_.control == Control::actuated || adapts)
    next_s = next_by_vehicles(signal);
  else
    next_s = next_by_program(signal);
  schedule(Event::Kind::signal, signal, std::max(next_s, now_s_ + 0.1));
}

double Mesoscopic::next_by_program(uint32_t signal) {
  const Program& program = network_.signals[signal].programs.back();
  SignalState& state = signals_[signal];
  // Phases of no time are passed over; the cycle has time, so that this ends.
  do state.phase = (state.phase + 1) % program.phases.size();
  while (!(program.phases[state.phase].duration_s > 0));
  state.since_s = now_s_;
  show(signal, program.phases[state.phase].state);
  return now_s_ + program.phases[state.phase].duration_s;
}

bool Mesoscopic::somebody_comes(uint32_t signal, const std::string& letters, double within_s) const {
  const auto& links = network_.signals[signal].links;
  for (size_t i = 0; i < links.size(); ++i) {
    if (links[i] == none || !is_green(letters[i])) continue;
    const LaneQueue& queue = queues_[network_.links[links[i]].from_lane];
    for (uint32_t car = queue.head; car != none && cars_[car].arrival_s <= now_s_ + within_s; car = cars_[car].next) {
      if (cars_[car].link == links[i]) return true;
    }
  }
  return false;
}

/// A green phase goes on while vehicles come, within its bounds; all others last as the program says.
double Mesoscopic::next_by_vehicles(uint32_t signal) {
  const Program& program = network_.signals[signal].programs.back();
  SignalState& state = signals_[signal];
  const Phase& phase = program.phases[state.phase];
  const bool bounds = phase.most_s > phase.least_s;
  const double most_s = bounds ? phase.most_s : std::max(2 * phase.duration_s, 30.0);
  if (gives_green(phase) && phase.duration_s > 5 && now_s_ - state.since_s + 1 <= most_s &&
      somebody_comes(signal, phase.state, gap_out_s))
    return now_s_ + 1;
  next_by_program(signal);
  const Phase& next = program.phases[state.phase];
  if (!gives_green(next) || next.duration_s <= 5) return now_s_ + next.duration_s;
  return now_s_ + (next.most_s > next.least_s ? std::max(next.least_s, 1.0) : 5);
}

/// What waits before the links that a phase opens, in vehicles; a lane that is full counts as if it had more, for what
/// stands before it is not seen (normalised pressure: Gregoire et al., 2014). Where there is no room behind, nothing.
double Mesoscopic::pressure(uint32_t signal, const Phase& phase) const {
  const auto& links = network_.signals[signal].links;
  double sum = 0;
  for (size_t i = 0; i < links.size(); ++i) {
    if (links[i] == none || !is_green(phase.state[i])) continue;
    const Link& link = network_.links[links[i]];
    const LaneQueue& queue = queues_[link.from_lane];
    double waiting = 0;
    for (uint32_t car = queue.head; car != none && cars_[car].arrival_s <= now_s_ + 3; car = cars_[car].next)
      waiting += cars_[car].link == links[i] ? 1 : 0;
    if (waiting == 0) continue;
    const uint32_t first = cars_[queue.head].link;
    if (first != links[i] && first != none && network_.links[first].signal == signal &&
        phase.state[network_.links[first].signal_index] == 'r')
      continue;  // who stands first would not go
    uint32_t to = link.to_lane;
    if (network_.lanes[to].edge == none) to = network_.links[network_.lanes[to].links_begin].to_lane;
    const double room = 1 - std::min(1.0, queues_[to].used_m / network_.lanes[to].length_m);
    const double filled = std::min(1.0, queue.used_m / network_.lanes[link.from_lane].length_m);
    // A link that gives way carries about half.
    sum += (std::min(waiting, served_most) + full_counts * filled * filled) * (0.3 + 0.7 * room) *
           (phase.state[i] == 'g' ? 0.6 : 1);
  }
  return sum;
}

/// Whether the phase opens a link at which somebody has stood at red for too long.
bool Mesoscopic::waits_too_long(uint32_t signal, const Phase& phase) const {
  const SignalState& state = signals_[signal];
  const auto& links = network_.signals[signal].links;
  for (size_t i = 0; i < links.size(); ++i) {
    if (links[i] == none || !is_green(phase.state[i]) || state.letters[i] != 'r') continue;
    const uint32_t head = queues_[network_.links[links[i]].from_lane].head;
    if (head != none && cars_[head].link == links[i] &&
        now_s_ - std::max(state.changed_s[i], cars_[head].arrival_s) > red_longest_s)
      return true;
  }
  return false;
}

/// Yellow for what closes, then red, then the phase.
void Mesoscopic::clear_for(uint32_t signal, size_t phase) {
  SignalState& state = signals_[signal];
  const std::string& next = network_.signals[signal].programs.back().phases[phase].state;
  std::string letters = state.letters;
  for (size_t i = 0; i < letters.size(); ++i) {
    if (is_green(letters[i]) && !is_green(next[i])) letters[i] = 'y';
  }
  state.wanted = phase;
  state.clearing = 1;
  show(signal, letters);
}

double Mesoscopic::next_by_pressure(uint32_t signal) {
  const Program& program = network_.signals[signal].programs.back();
  SignalState& state = signals_[signal];
  if (state.clearing == 1) {
    std::string letters = state.letters;
    for (size_t i = 0; i < letters.size(); ++i) {
      if (letters[i] == 'y') letters[i] = 'r';
    }
    state.clearing = 2;
    show(signal, letters);
    return now_s_ + all_red_s;
  }
  if (state.clearing == 2) {
    state.clearing = 0;
    state.phase = state.wanted;
    state.since_s = now_s_;
    show(signal, program.phases[state.phase].state);
    return now_s_ + green_least_s;
  }
  size_t best = state.phase;
  double most = gives_green(program.phases[best]) ? pressure(signal, program.phases[best]) * stay + 1 : -1e9;
  for (const uint32_t phase : state.greens) {
    if (phase == state.phase) continue;
    double force = pressure(signal, program.phases[phase]);
    if (waits_too_long(signal, program.phases[phase])) force += 1e6;
    if (force <= most) continue;
    most = force;
    best = phase;
  }
  if (best == state.phase) return now_s_ + decide_each_s;
  clear_for(signal, best);
  return now_s_ + yellow_s;
}

}  // namespace cityloom::model::traffic

// Runs tasks one after the other, in the order given, on threads that somebody else offers: state that only a
// strand's tasks touch needs no mutex. The thread is asked for once per burst, not once per task.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "registry/net/unique_function.h"

namespace muster::net {

class TaskStrand {
 public:
  using Task = UniqueFunction<void()>;
  // `post` runs what it is given soon, on any thread.
  explicit TaskStrand(std::function<void(Task)> post) : state_(std::make_shared<State>()) {
    state_->post = std::move(post);
  }
  void run(Task task) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->tasks.push_back(std::move(task));
      if (std::exchange(state_->running, true)) return;
    }
    state_->post([state = state_] { drain(*state); });
  }

 private:
  struct State {
    std::function<void(Task)> post;
    std::mutex mutex;
    std::vector<Task> tasks;
    bool running = false;
  };
  static void drain(State& state) {
    for (;;) {
      std::vector<Task> tasks;
      {
        const std::lock_guard lock(state.mutex);
        tasks.swap(state.tasks);
        if (tasks.empty()) {
          state.running = false;
          return;
        }
      }
      for (Task& task : tasks) task();
    }
  }
  std::shared_ptr<State> state_;
};

}  // namespace muster::net

import random
from collections import deque

import numpy as np
import tensorflow as tf

try:
    from tensorflow.keras.layers import Dense
    from tensorflow.keras.models import Sequential
    from tensorflow.keras.optimizers import Adam
    import tensorflow.keras.backend as K
except ImportError:
    from keras.layers import Dense
    from keras.models import Sequential
    from keras.optimizers import Adam
    import keras.backend as K

if tf.__version__.startswith("1."):
    tf.set_random_seed(0)
    config = tf.ConfigProto()
else:
    tf.random.set_seed(0)
    config = tf.compat.v1.ConfigProto()


def huber(truth, guess):
    error = K.abs(truth - guess)
    return K.mean(K.switch(error < 1.0, 0.5 * K.square(error), error - 0.5))


class Agent:
    def __init__(self, states, actions):
        self.memory = deque(maxlen=100)
        self.model = self._build(states, actions)
        self.target = self._build(states, actions)
        self.target.set_weights(self.model.get_weights())

    def _build(self, states, actions):
        model = Sequential()
        model.add(Dense(8, input_dim=states, activation="relu"))
        model.add(Dense(actions, activation="linear"))
        model.compile(loss=huber, optimizer=Adam(lr=0.001))
        return model

    def replay(self, size):
        for state, action, reward, after in random.sample(self.memory, size):
            goal = self.model.predict(state)
            goal[0][action] = reward + np.amax(self.target.predict(after)[0])
            self.model.fit(state, goal, epochs=1, verbose=0)


agent = Agent(4, 2)
for _ in range(4):
    agent.memory.append((np.random.rand(1, 4), 0, 1.0, np.random.rand(1, 4)))
agent.replay(2)
K.get_session()

import numpy as np
import tensorflow as tf
from tensorflow.contrib.layers import xavier_initializer

slim = tf.contrib.slim
flags = tf.app.flags
flags.DEFINE_float("rate", 0.01, "learning rate")
FLAGS = flags.FLAGS


def network(x):
    with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        w = tf.get_variable("w", [12, 8], initializer=xavier_initializer())
        hidden = tf.nn.relu(tf.matmul(x, w))
        hidden = tf.layers.dense(hidden, 8, activation=tf.nn.relu)
        return slim.fully_connected(hidden, 3, activation_fn=None)


def main(_):
    x = tf.placeholder(tf.float32, [None, 12], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")
    loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=network(x))
    step = tf.train.AdamOptimizer(FLAGS.rate).minimize(loss)
    tf.summary.scalar("loss", loss)
    config = tf.ConfigProto()
    config.gpu_options.allow_growth = True
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        feed = {x: np.random.rand(4, 12), y: np.random.randint(0, 3, 4)}
        print(session.run([loss, step], feed_dict=feed)[0])


if __name__ == "__main__":
    tf.app.run()
